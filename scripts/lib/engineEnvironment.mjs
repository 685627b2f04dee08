// The environment an engine runs in.
import { copyFileSync, existsSync, renameSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { cacheRoot } from "./engineCache.mjs";
import { inRoot } from "./paths.mjs";

/** Settings that keep the CLI from asking anything of the network or of the person at the keyboard. */
const offline = {
  PULUMI_SKIP_UPDATE_CHECK: "true",
  PULUMI_AUTOMATION_API_SKIP_VERSION_CHECK: "true",
  PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
  PULUMI_SUPPRESS_NEO_LINK: "true",
  PULUMI_DIY_BACKEND_NO_LEGACY_WARNING: "true",
};

/** The folder of @pulumi/pulumi has the dynamic provider: a script of four lines that starts the program's own copy of it. */
const sdkFolder = inRoot("node_modules", "@pulumi", "pulumi");
const dynamicProvider = `pulumi-resource-pulumi-nodejs${process.platform === "win32" ? ".cmd" : ""}`;

/** Beside the CLI the dynamic provider is expected; found elsewhere on PATH, every run would print a warning about it. */
function putBesideCli(binDir) {
  const target = join(binDir, dynamicProvider);
  const source = join(sdkFolder, dynamicProvider);
  if (!binDir.startsWith(cacheRoot()) || existsSync(target) || !existsSync(source)) return;
  try {
    copyFileSync(source, `${target}.${process.pid}`);
    renameSync(`${target}.${process.pid}`, target);
  } catch {
    // A cache that may not be written to: PATH has to do.
  }
}

export function environment(binDir) {
  putBesideCli(binDir);
  // The dynamic provider calls `node`, which must be the Node we run on.
  const first = [binDir, dirname(process.execPath)];
  const rest = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder && !first.includes(folder));
  return { ...process.env, ...offline, PATH: [...first, ...rest, sdkFolder].join(delimiter) };
}
