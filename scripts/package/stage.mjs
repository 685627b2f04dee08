// The folder that the plugin's archive is made of: a program that needs nothing of the machine but its kernel and libc.
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { StepError } from "../lib/console.mjs";
import { inRoot } from "../lib/paths.mjs";
import { run, tail } from "../lib/run.mjs";
import { bundle, separate } from "./bundle.mjs";

const program = "pulumi-resource-krstorage";

/** A program of its own would have to be signed and could not load native modules; a script beside Node needs neither. */
const launcher = `#!/bin/sh
folder="\${0%/*}"
exec "$folder/node" "$folder/lib/main.js" "$@"
`;

/** Fills a folder that does not exist yet. Returns what is in it, for a person, and the program. */
export async function stagePlugin(folder) {
  const lib = join(folder, "lib");
  const bundled = join(lib, "dist", "provider", "hosts", "plugin");
  mkdirSync(bundled, { recursive: true });
  const packages = await bundle(join(bundled, "main.js"), join(lib, "LICENSES.txt"));
  for (const file of ["package.json", "schema.json", "LICENSE"]) copyFileSync(inRoot(file), join(lib, file));
  copyFileSync(inRoot("scripts", "package", "start.cjs"), join(lib, "main.js"));
  const copied = separate.flatMap((name) => copyPackage(name, lib));
  const started = join(folder, program);
  writeFileSync(started, launcher);
  copyFileSync(process.execPath, join(folder, "node"));
  for (const each of ["node", program]) chmodSync(join(folder, each), 0o755);
  const license = join(dirname(dirname(process.execPath)), "LICENSE");
  if (existsSync(license)) copyFileSync(license, join(folder, "LICENSE.node"));
  const kept = await run(started, ["--keep"], { cwd: folder, env: {} });
  if (kept.code !== 0) throw new StepError(`what was packed does not start:\n${tail(kept.output)}`);
  return { program: started, contents: `Node ${process.versions.node}, ${packages + copied.length} packages` };
}

/** Copies a package of node_modules, and what it loads. The names of all of them. */
function copyPackage(name, lib) {
  const source = inRoot("node_modules", name);
  cpSync(source, join(lib, "node_modules", name), {
    recursive: true,
    filter: (path) => !path.slice(source.length).includes("node_modules") && isNeeded(path),
  });
  const { dependencies = {} } = JSON.parse(readFileSync(join(source, "package.json"), "utf8"));
  return [name, ...Object.keys(dependencies).flatMap((each) => copyPackage(each, lib))];
}

/** What runs, not what explains it: no source maps, no types, no binaries for other systems. */
function isNeeded(path) {
  if (/\.(map|d\.ts|d\.cts|d\.mts|ts|md|markdown)$/.test(path) && !statSync(path).isDirectory()) return false;
  const prebuilt = /[\\/]prebuilds[\\/]([^\\/]+)$/.exec(path);
  return prebuilt === null || prebuilt[1] === `${process.platform}-${process.arch}`;
}
