import { printableJson } from "../output/printable";
import type { GeneratedResource } from "./resource";

/** The file that `pulumi import --file` takes. */
export function importFile(resources: readonly GeneratedResource[]): string {
  const entries = resources.map(({ type, name, logicalName, declared }) => ({
    type,
    name,
    ...(logicalName === name ? {} : { logicalName }),
    id: declared.id,
  }));
  return `${printableJson({ resources: entries })}\n`;
}
