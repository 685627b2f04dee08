// `npm run package:plugin`: makes pulumi-resource-krstorage-v<version>-<os>-<arch>.tar.gz, which `pulumi plugin install resource
// krstorage <version> --file …` takes, and which runs where no Node is installed: it brings the one that runs this script.
import { spawn } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { build } from "./lib/build.mjs";
import { createSteps, StepError, say } from "./lib/console.mjs";
import { inRoot, shown } from "./lib/paths.mjs";
import { run, tail } from "./lib/run.mjs";

const { version } = JSON.parse(readFileSync(inRoot("package.json"), "utf8"));
const os = { linux: "linux", darwin: "darwin" }[process.platform];
const arch = { x64: "amd64", arm64: "arm64" }[process.arch];
const folder = inRoot("dist", "plugin");
const staging = join(folder, "staging");
const archive = join(folder, `pulumi-resource-krstorage-v${version}-${os}-${arch}.tar.gz`);

/** A program of its own would have to be signed and could not load native modules; a script beside Node needs neither. */
const launcher = `#!/bin/sh
folder="\${0%/*}"
exec "$folder/node" "$folder/lib/main.js" "$@"
`;

function stage() {
  if (!os || !arch) throw new StepError(`there is no plugin for ${process.platform} on ${process.arch}`);
  rmSync(staging, { recursive: true, force: true });
  const lib = join(staging, "lib");
  cpSync(inRoot("dist", "provider"), join(lib, "dist", "provider"), { recursive: true, filter: isNeeded });
  for (const file of ["package.json", "schema.json", "LICENSE"]) copyFileSync(inRoot(file), join(lib, file));
  writeFileSync(join(lib, "main.js"), 'require("./dist/provider/hosts/plugin/main").main();\n');
  const copied = copyPackages(lib);
  writeFileSync(join(staging, "pulumi-resource-krstorage"), launcher);
  copyFileSync(process.execPath, join(staging, "node"));
  for (const program of ["node", "pulumi-resource-krstorage"]) chmodSync(join(staging, program), 0o755);
  const license = join(dirname(dirname(process.execPath)), "LICENSE");
  if (existsSync(license)) copyFileSync(license, join(staging, "LICENSE.node"));
  return `Node ${process.versions.node}, ${copied} packages`;
}

/** What runs, not what explains it: no source maps, no types, nothing for tests, no binaries for other systems. */
function isNeeded(path) {
  if (/\.(map|d\.ts|d\.cts|d\.mts|ts|md|markdown|proto)$/.test(path) && !statSync(path).isDirectory()) return false;
  if (path === inRoot("dist", "provider", "testing")) return false;
  const prebuilt = /[\\/]prebuilds[\\/]([^\\/]+)$/.exec(path);
  return prebuilt === null || prebuilt[1] === `${process.platform}-${process.arch}`;
}

/** The packages that the code below a folder loads by name, Pulumi's SDK aside. */
function packagesOf(code) {
  const files = readdirSync(code, { recursive: true }).filter((file) => file.endsWith(".js"));
  const loaded = files.flatMap((file) =>
    [...readFileSync(join(code, file), "utf8").matchAll(/\brequire\("((?:@[^"/]+\/)?[^"./:@][^":/]*)/g)].map(
      ([, name]) => name,
    ),
  );
  return [...new Set(loaded)].filter((name) => existsSync(inRoot("node_modules", name)) && name !== "@pulumi/pulumi");
}

/** Copies the packages that the plugin loads, and what they load. Of Pulumi's SDK it is the protocol alone. */
function copyPackages(lib) {
  const done = new Set();
  const copy = (name) => {
    if (done.has(name)) return;
    done.add(name);
    const source = inRoot("node_modules", name);
    cpSync(source, join(lib, "node_modules", name), {
      recursive: true,
      filter: (path) => !path.slice(source.length).includes("node_modules") && isNeeded(path),
    });
    const described = JSON.parse(readFileSync(join(source, "package.json"), "utf8"));
    for (const each of Object.keys(described.dependencies ?? {})) if (!each.startsWith("@types/")) copy(each);
  };
  for (const name of packagesOf(join(lib, "dist"))) copy(name);
  const sdk = inRoot("node_modules", "@pulumi", "pulumi");
  const target = join(lib, "node_modules", "@pulumi", "pulumi");
  mkdirSync(target, { recursive: true });
  for (const file of ["package.json", "LICENSE"])
    if (existsSync(join(sdk, file))) copyFileSync(join(sdk, file), join(target, file));
  cpSync(join(sdk, "proto"), join(target, "proto"), { recursive: true, filter: isNeeded });
  return done.size + 1;
}

/** It starts without anything of this machine: no PATH, no home, no configuration. Ended once it has said its port. */
function tryIt() {
  const child = spawn(join(staging, "pulumi-resource-krstorage"), [], { cwd: staging, env: {} });
  return new Promise((resolve, reject) => {
    let printed = "";
    const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
    child.stderr.on("data", (chunk) => {
      printed += chunk;
    });
    child.stdout.on("data", (chunk) => {
      printed += chunk;
      if (/^\d+\n/.test(printed)) child.kill("SIGTERM");
    });
    child.on("close", () => {
      clearTimeout(timer);
      if (/^\d+\n/.test(printed)) resolve("it starts by itself");
      else reject(new StepError(`what was packed does not start:\n${tail(printed)}`));
    });
    child.on("error", reject);
  });
}

async function pack() {
  const packed = await run("tar", ["-czf", archive, "-C", staging, ...readdirSync(staging)]);
  if (packed.code !== 0) throw new StepError(`tar failed:\n${tail(packed.output)}`);
  rmSync(staging, { recursive: true, force: true });
  return `${shown(archive)} (${Math.round(statSync(archive).size / 2 ** 20)} MB)`;
}

try {
  const steps = createSteps(4);
  await steps.run("Build", build);
  await steps.run("Collect", stage);
  await steps.run("Try", tryIt);
  await steps.run("Pack", pack);
  say(`pulumi plugin install resource krstorage ${version} --file ${shown(archive)}`);
} catch (error) {
  if (!(error instanceof StepError)) throw error;
  say(error.message);
  process.exitCode = 1;
}
