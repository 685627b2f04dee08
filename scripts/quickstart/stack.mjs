// The quickstart's own stack: state, Pulumi's home and the storage (localPlace.mjs, cephPlace.mjs) lie in one git-ignored folder of the example.
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
import { inRoot, root, shown } from "../lib/paths.mjs";
import { localState, pulumiIn } from "../lib/pulumi.mjs";

const example = inRoot("examples", "quickstart");
const local = join(example, ".local");

/** What all stacks of the example share. */
export const folders = { example, local, state: join(local, "state"), home: join(local, "pulumi") };

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
}

/** The engine's environment for the stack of a place, and `pulumi(args)` to call it. */
export function stackContext(engine, place) {
  const env = { ...engine.env, ...localState(folders) };
  return {
    ...folders,
    place,
    stackName: place.stackName,
    stackFile: join(example, `Pulumi.${place.stackName}.yaml`),
    environmentFile: join(local, `env${place.suffix}.sh`),
    configFile: join(local, `krstorage${place.suffix}.yaml`),
    engine,
    env,
    pulumi: pulumiIn(example, { pulumi: engine.pulumi, env }),
    /** The backend as it is configured. */
    backend: place.backend(),
  };
}

/** The stack and its configuration; a second run finds both and changes nothing. */
export async function makeStack(context) {
  const { pulumi, stackName, stackFile } = context;
  await pulumi(["stack", "select", "--create", "--secrets-provider=passphrase", stackName]);
  const values = missingConfiguration(context);
  if (values.length === 0) return "there already";
  await pulumi([
    "config",
    "set-all",
    "--stack",
    stackName,
    "--path",
    ...values.flatMap((value) => ["--plaintext", value]),
  ]);
  return `written to ${shown(stackFile)}`;
}

/** `key=value` for what the stack's file lacks. The stack's id is made once. */
function missingConfiguration({ stackFile, backend, place }) {
  const lines = existsSync(stackFile)
    ? readFileSync(stackFile, "utf8")
        .split("\n")
        .map((line) => line.trim())
    : [];
  const wanted = [
    ...Object.entries(backend).map(([key, value]) => [`krstorage:backends.main.${key}`, `${key}: ${value}`, value]),
    ...Object.entries(place.programConfiguration()).map(([key, value]) => {
      const full = `krstorage-quickstart:${key}`;
      return [full, `${full}: ${value}`, value];
    }),
  ];
  const missing = wanted.filter(([, line]) => !lines.includes(line)).map(([key, , value]) => `${key}=${value}`);
  const hasId = lines.some((line) => line.startsWith("krstorage:stackId:"));
  return hasId ? missing : [`krstorage:stackId=${randomUUID()}`, ...missing];
}

const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** A file to source, after which plain `pulumi` and `krstorage` commands in the example's folder reach this stack and its storage. */
export function writeEnvironmentFile({ env, backend, configFile, environmentFile, place }) {
  writeFileSync(configFile, `${JSON.stringify({ backends: { main: backend } })}\n`, { mode: 0o600 });
  const keys = ["PATH", "PULUMI_BACKEND_URL", "PULUMI_HOME", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_SKIP_UPDATE_CHECK"];
  const values = {
    ...Object.fromEntries(keys.map((key) => [key, env[key]])),
    KRSTORAGE_CONFIG: configFile,
    ...place.environment(),
  };
  const lines = Object.entries(values).map(([key, value]) => `export ${key}=${quote(value)}`);
  writeFileSync(environmentFile, `# Written by ${place.command}.\n${lines.join("\n")}\n`, { mode: 0o600 });
}

/** `pulumi up`; says whether anything changed. */
export async function up({ pulumi, stackName }) {
  const { output } = await pulumi(["up", "--yes", "--stack", stackName, "--suppress-permalink=true"], { show: true });
  return /^\s+[+~-]+ ?\d+ /m.test(output.slice(output.lastIndexOf("Resources:"))) ? "up" : "nothing to change";
}
