import { join } from "node:path";

/** A host of our code in the engine: how a program says that it uses it, and how its processes are known. */
export interface EngineHost {
  readonly name: "dynamic" | "plugin";
  /** What the program imports. */
  readonly module: string;
  /** A folder that PATH needs beside the engine's. */
  readonly path?: string;
  /** A part of the command line of its provider processes. */
  readonly command: string;
}

const root = join(__dirname, "..", "..", "..", "..");

export const dynamicHost: EngineHost = { name: "dynamic", module: "krstorage", command: "dynamic-provider" };
export const pluginHost: EngineHost = {
  name: "plugin",
  module: "krstorage/plugin",
  path: join(root, "bin"),
  command: "pulumi-resource-krstorage",
};
