import * as pulumi from "@pulumi/pulumi";
import type { z } from "zod";
import type { providerConfig } from "../provider/model/providerConfig";

type Config = typeof providerConfig;

/** The arguments of a {@link Provider}. What is left out is not taken from the stack's configuration, but from the environment. */
export interface ProviderArgs {
  /**
   * The backends by name, each with its type and options, such as `{ main: { type: "local", path: "/srv/storage" } }`. Kept as a
   * secret. Default: the file that KRSTORAGE_CONFIG names, else one backend `local` in KRSTORAGE_HOME.
   */
  backends?: pulumi.Input<Record<string, pulumi.Input<Record<string, unknown>>>>;
  /** The pool of what declares neither a pool nor a class: `<backend>/<pool>`. A change moves nothing that exists. */
  defaultPool?: pulumi.Input<NonNullable<z.input<Config["defaultPool"]>>>;
  /** The class of what declares neither a pool nor a class, as data. A change places only what is made afterwards elsewhere. */
  defaultClass?: pulumi.Input<NonNullable<z.input<Config["defaultClass"]>>>;
  /** A random text, written once per stack: tells a stack from another one of the same project and stack name. */
  stackId?: pulumi.Input<NonNullable<z.input<Config["stackId"]>>>;
}

/**
 * A provider with backends of its own, for stacks that use several sets of them.
 *
 * @example
 * ```ts
 * const archive = new Provider("archive", { backends: { main: { type: "local", path: "/mnt/archive" } } });
 * const cold = new Pool("cold", { backend: "main" }, { provider: archive });
 * ```
 */
export class Provider extends pulumi.ProviderResource {
  constructor(name: string, args: ProviderArgs = {}, opts?: pulumi.ResourceOptions) {
    const { backends, defaultClass, ...rest } = args;
    // A provider's configuration is text on the wire
    const structured = {
      ...(backends === undefined ? {} : { backends: pulumi.secret(pulumi.jsonStringify(backends)) }),
      ...(defaultClass === undefined ? {} : { defaultClass: pulumi.jsonStringify(defaultClass) }),
    };
    super("krstorage", name, { ...rest, ...structured }, opts);
  }
}
