// `npm run package:plugin`: makes pulumi-resource-krstorage-v<version>-<os>-<arch>.tar.gz, which `pulumi plugin install resource
// krstorage <version> --file …` takes, and which runs where no Node is installed: it brings the one that runs this script.
import { spawn } from "node:child_process";
import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { createSteps, StepError, say } from "./lib/console.mjs";
import { installDependencies } from "./lib/dependencies.mjs";
import { inRoot, shown } from "./lib/paths.mjs";
import { run, tail } from "./lib/run.mjs";
import { stagePlugin } from "./package/stage.mjs";

const { version } = JSON.parse(readFileSync(inRoot("package.json"), "utf8"));
const os = { linux: "linux", darwin: "darwin" }[process.platform];
const arch = { x64: "amd64", arm64: "arm64" }[process.arch];
const folder = inRoot("dist", "plugin");
const staging = join(folder, "staging");
const archive = join(folder, `pulumi-resource-krstorage-v${version}-${os}-${arch}.tar.gz`);

async function stage() {
  if (!os || !arch) throw new StepError(`there is no plugin for ${process.platform} on ${process.arch}`);
  rmSync(staging, { recursive: true, force: true });
  return (await stagePlugin(staging)).contents;
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
  await steps.run("Dependencies", installDependencies);
  await steps.run("Collect", stage);
  await steps.run("Try", tryIt);
  await steps.run("Pack", pack);
  say(`pulumi plugin install resource krstorage ${version} --file ${shown(archive)}`);
} catch (error) {
  if (!(error instanceof StepError)) throw error;
  say(error.message);
  process.exitCode = 1;
}
