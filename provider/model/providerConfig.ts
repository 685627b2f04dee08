import { z } from "zod";
import { poolIdText } from "./names";
import { classDefinition } from "./volumeClass";

/** What a provider is configured with: in the stack's configuration under `krstorage:`, or as arguments of a Provider resource. */
export const providerConfig = {
  /**
   * The backends by name, each with its type and options, such as `{ main: { type: local, path: /srv/storage } }`. Credentials
   * stand here only. Default: the file that KRSTORAGE_CONFIG names, else one backend `local` in KRSTORAGE_HOME.
   */
  backends: z.record(z.string(), z.record(z.string(), z.unknown())).optional().meta({ secret: true }),
  /** The pool of what declares neither a pool nor a class: `<backend>/<pool>`. A change moves nothing that exists. */
  defaultPool: poolIdText.optional(),
  /** The class of what declares neither a pool nor a class, as data. A change places only what is made afterwards elsewhere. */
  defaultClass: classDefinition.optional(),
  /** A random text, written once per stack: tells a stack from another one of the same project and stack name. */
  stackId: z.string().optional(),
};

/** The environment variables that hold what is not configured otherwise. `KRSTORAGE_BACKENDS` and `KRSTORAGE_DEFAULT_CLASS` are JSON. */
export const providerEnvironment: Record<keyof typeof providerConfig, string> = {
  backends: "KRSTORAGE_BACKENDS",
  defaultPool: "KRSTORAGE_DEFAULT_POOL",
  defaultClass: "KRSTORAGE_DEFAULT_CLASS",
  stackId: "KRSTORAGE_STACK_ID",
};
