/**
 * The same resources as in "krstorage", served by the plugin `pulumi-resource-krstorage`, with import, detailed previews and
 * explicit providers. A stack moves from one to the other by changing the import: nothing is created, replaced or deleted.
 *
 * @packageDocumentation
 */

import "./choosePlugin";

export * from "./index";
export { Provider, type ProviderArgs } from "./provider";
