// The quickstart's own stack: state, Pulumi's home and the storage lie in one git-ignored folder of the example.
import { randomUUID } from "node:crypto";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join, relative } from "node:path";
import { note } from "../lib/console.mjs";
import { filesystemToAllow } from "../lib/filesystem.mjs";
import { inRoot, root, shown } from "../lib/paths.mjs";
import { localState, pulumiIn } from "../lib/pulumi.mjs";

export const stackName = "dev";

const example = inRoot("examples", "quickstart");
const local = join(example, ".local");

/** Every path that the quickstart writes to. */
export const folders = {
  example,
  local,
  state: join(local, "state"),
  home: join(local, "pulumi"),
  storage: join(local, "storage"),
  stackFile: join(example, `Pulumi.${stackName}.yaml`),
  environmentFile: join(local, "env.sh"),
  configFile: join(local, "krstorage.yaml"),
};

/**
 * Makes `import "krstorage"` and `npx krstorage` in the example mean this clone: what `npm install` would make of "file:../..",
 * without its wait. @pulumi/pulumi is then found in the clone's node_modules by the program and by krstorage alike, as one copy.
 */
export function linkExample() {
  linkPackage();
  const main = inRoot("dist", "agent", "cli", "main.js");
  mkdirSync(join(example, "node_modules", ".bin"), { recursive: true });
  writeFileSync(join(example, "node_modules", ".bin", "krstorage"), `#!/bin/sh\nexec node ${quote(main)} "$@"\n`, {
    mode: 0o755,
  });
}

function linkPackage() {
  const link = join(example, "node_modules", "krstorage");
  if (existsSync(link) && realpathSync(link) === realpathSync(root)) return;
  mkdirSync(join(example, "node_modules"), { recursive: true });
  if (lstatSync(link, { throwIfNoEntry: false })) rmSync(link, { recursive: true });
  // A junction needs no special right on Windows, but an absolute target.
  if (process.platform === "win32") symlinkSync(root, link, "junction");
  else symlinkSync(relative(join(example, "node_modules"), root), link);
}

export function makeFolders() {
  for (const folder of [folders.state, folders.home]) mkdirSync(folder, { recursive: true });
  // The driver refuses a root that others may write to or list, whatever the user's umask says.
  mkdirSync(folders.storage, { recursive: true, mode: 0o711 });
}

/** The engine's environment for this stack, and `pulumi(args)` to call it. */
export function stackContext(engine) {
  const env = { ...engine.env, ...localState(folders) };
  return {
    ...folders,
    stackName,
    engine,
    env,
    pulumi: pulumiIn(example, { pulumi: engine.pulumi, env }),
    /** Known once the folders exist: the file system to allow, or undefined. */
    get allowFilesystem() {
      return filesystemToAllow(folders.storage);
    },
  };
}

/** The stack and its configuration; a second run finds both and changes nothing. */
export async function makeStack({ pulumi }) {
  await pulumi(["stack", "select", "--create", "--secrets-provider=passphrase", stackName]);
  const values = missingConfiguration();
  if (values.length === 0) return "there already";
  await pulumi([
    "config",
    "set-all",
    "--stack",
    stackName,
    "--path",
    ...values.flatMap((value) => ["--plaintext", value]),
  ]);
  return `written to ${shown(folders.stackFile)}`;
}

/** `key=value` for what the stack's file lacks. The stack's id is made once; the path follows a clone that was moved. */
function missingConfiguration() {
  const present = existsSync(folders.stackFile) ? readFileSync(folders.stackFile, "utf8") : "";
  const values = [];
  if (!/^\s+krstorage:stackId:/m.test(present)) values.push(`krstorage:stackId=${randomUUID()}`);
  if (!present.split("\n").some((line) => line.trim() === `path: ${folders.storage}`)) {
    values.push("krstorage:backends.main.type=local", `krstorage:backends.main.path=${folders.storage}`);
  }
  const allow = filesystemToAllow(folders.storage);
  if (allow !== undefined && !present.includes("allowFilesystem:")) {
    note(
      `this clone lies on ${allow}, which KRStorage is not tested on; for the quickstart it is allowed (allowFilesystem)`,
    );
    values.push(`krstorage:backends.main.allowFilesystem=${allow}`);
  }
  return values;
}

const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** A file to source, after which plain `pulumi` and `krstorage` commands in the example's folder reach this stack and its storage. */
export function writeEnvironmentFile({ env, allowFilesystem }) {
  const main = { type: "local", path: folders.storage, ...(allowFilesystem ? { allowFilesystem } : {}) };
  writeFileSync(folders.configFile, `${JSON.stringify({ backends: { main } })}\n`, { mode: 0o600 });
  const keys = ["PATH", "PULUMI_BACKEND_URL", "PULUMI_HOME", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_SKIP_UPDATE_CHECK"];
  const values = { ...env, KRSTORAGE_CONFIG: folders.configFile };
  const lines = [...keys, "KRSTORAGE_CONFIG"].map((key) => `export ${key}=${quote(values[key])}`);
  writeFileSync(folders.environmentFile, `# Written by npm run quickstart.\n${lines.join("\n")}\n`, { mode: 0o600 });
}

/** `pulumi up`; says whether anything changed. */
export async function up({ pulumi }) {
  const { output } = await pulumi(["up", "--yes", "--stack", stackName, "--suppress-permalink=true"], { show: true });
  return /^\s+[+~-]+ ?\d+ /m.test(output.slice(output.lastIndexOf("Resources:"))) ? "up" : "nothing to change";
}
