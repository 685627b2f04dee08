// What some tests run beside the engine: the language hosts for YAML and Python, and Pulumi's code generators. Found, or built from
// Go modules into the same cache, once.
import { existsSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { note, StepError } from "./console.mjs";
import { buildPart, canBuild } from "./engineBuild.mjs";
import { cacheRoot, exe, isUsable, newWorkFolder, recipe, recipeHash } from "./engineCache.mjs";
import { run, tail, which } from "./run.mjs";

const yamlHost = {
  module: "yamlHost",
  program: "pulumi-language-yaml",
  package: "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml",
  linkerFlags: "",
  takes: "1 to 2 minutes",
};
const pythonHost = {
  module: "pythonHost",
  program: "pulumi-language-python",
  package: "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python",
  from: "github.com/pulumi/pulumi/sdk/v3",
  files: ["python/cmd/pulumi-language-python-exec"],
  linkerFlags: "",
  takes: "under a minute",
};
const codegen = { module: "codegen", program: "codegen", package: ".", linkerFlags: "", takes: "under a minute" };

/** The folder of the YAML host: beside the CLI, on PATH, or built; undefined where none can be had. Tests that need it are then skipped. */
export const ensureYamlHost = (engineBin, options) => ensureHost(yamlHost, engineBin, options);

/** Likewise the Python host. */
export const ensurePythonHost = (engineBin, options) => ensureHost(pythonHost, engineBin, options);

async function ensureHost(host, engineBin, options) {
  if (isUsable(join(engineBin, exe(host.program)))) return engineBin;
  const onPath = which(host.program);
  return onPath ? dirname(onPath) : ensureBuilt(host, options);
}

/**
 * A virtual environment with Pulumi's Python SDK, as pinned in scripts/engine/pythonHost; undefined where there is no Python, or
 * pip gets nothing.
 */
export async function ensurePythonEnvironment({ log = note } = {}) {
  const target = join(cacheRoot(), `pythonEnvironment-${recipeHash([pythonHost.module])}`);
  if (existsSync(target)) return target;
  const python = which("python3");
  if (!python) return undefined;
  const folder = newWorkFolder();
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
  const requirements = join(recipe, pythonHost.module, "requirements.txt");
  log("installing Pulumi's Python SDK into a virtual environment (under a minute)");
  for (const [command, args] of [
    [python, ["-m", "venv", folder]],
    [join(folder, "bin", "python3"), [...pip, requirements]],
  ]) {
    const { code, output } = await run(command, args, { timeout: 300_000 });
    if (code === 0) continue;
    rmSync(folder, { recursive: true, force: true });
    log(`no Python SDK: ${tail(output)}`);
    return undefined;
  }
  publishAs(folder, target);
  return target;
}

/** The folder of the generators; undefined where they cannot be built. */
export const ensureCodegen = (options) => ensureBuilt(codegen, options);

async function ensureBuilt(part, { log = note } = {}) {
  const target = join(cacheRoot(), `${part.module}-${recipeHash([part.module])}`);
  if (isUsable(join(target, exe(part.program)))) return target;
  if (!canBuild()) return undefined;
  try {
    const folder = newWorkFolder();
    await buildPart(part, folder, log);
    publishAs(folder, target);
    return target;
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    log(error.message);
    return undefined;
  }
}

function publishAs(folder, target) {
  try {
    renameSync(folder, target);
  } catch (error) {
    if (!existsSync(target)) throw error; // else another run has made the same
    rmSync(folder, { recursive: true, force: true });
  }
}
