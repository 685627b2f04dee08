// A folder to measure in, with its own build, so that nobody's next build changes it under a run, and the no-op beside it.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { filesystemToAllow } from "../lib/filesystem.mjs";
import { inRoot } from "../lib/paths.mjs";
import { stagePlugin } from "../package/stage.mjs";
import { compileInto } from "./compile.mjs";

export async function makeWorkspace() {
  const folder = mkdtempSync(join(tmpdir(), "krstorage-bench-"));
  const modules = join(folder, "node_modules");
  mkdirSync(modules);
  for (const entry of readdirSync(inRoot("node_modules"))) {
    if (entry !== "krstorage") symlinkSync(inRoot("node_modules", entry), join(modules, entry));
  }
  mkdirSync(join(modules, "krstorage"));
  cpSync(inRoot("package.json"), join(modules, "krstorage", "package.json"));
  cpSync(inRoot("schema.json"), join(modules, "krstorage", "schema.json"));
  cpSync(inRoot("scripts", "bench", "noop"), join(modules, "krs-no-op"), { recursive: true });
  let plugin;
  try {
    await compileInto(join(modules, "krstorage"));
    nameProperties(modules);
    plugin = await stagePlugin(join(folder, "plugin"));
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  let count = 0;
  return {
    folder,
    /** Loads what a program in the workspace would. */
    require: createRequire(join(folder, "index.js")),
    /** The programs of the plugins, ours first: as its archive is unpacked. */
    plugins: [plugin.program, join(modules, "krs-no-op", "pulumi-resource-krs-no-op")],
    /** A file of krstorage that it does not export. */
    inside: (path) => join(modules, "krstorage", "dist", path),
    /** A new empty folder; all have paths of one length. */
    newFolder() {
      count += 1;
      const made = join(folder, String(count).padStart(4, "0"));
      mkdirSync(made);
      return made;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Tells the no-op what properties krstorage's classes have now: each costs a program the same there. */
function nameProperties(modules) {
  const { kinds } = createRequire(import.meta.url)(join(modules, "krstorage", "dist", "provider", "model", "kinds.js"));
  const names = Object.values(kinds).map(({ name, inputs, outputs }) => [name, Object.keys({ ...outputs, ...inputs })]);
  writeFileSync(join(modules, "krs-no-op", "properties.json"), JSON.stringify(Object.fromEntries(names)));
}

/** `krstorage:backends` for a storage folder that is made below `folder`. */
export function localBackends(folder) {
  const path = join(folder, "storage");
  mkdirSync(path, { mode: 0o711 });
  const allowFilesystem = filesystemToAllow(path);
  return { main: { type: "local", path, ...(allowFilesystem === undefined ? {} : { allowFilesystem }) } };
}

/** Lets the disk finish what earlier runs left to it, so that no run pays for another. */
export function settle() {
  if (process.platform !== "win32") spawnSync("sync");
}
