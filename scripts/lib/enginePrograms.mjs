// What some tests run beside the engine: the language host for YAML, and Pulumi's code generators. Found, or built from Go modules
// into the same cache, once.
import { existsSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { note, StepError } from "./console.mjs";
import { buildPart, canBuild } from "./engineBuild.mjs";
import { cacheRoot, exe, isUsable, newWorkFolder, recipeHash } from "./engineCache.mjs";
import { which } from "./run.mjs";

const yamlHost = {
  module: "yamlHost",
  program: "pulumi-language-yaml",
  package: "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml",
  linkerFlags: "",
  takes: "1 to 2 minutes",
};
const codegen = { module: "codegen", program: "codegen", package: ".", linkerFlags: "", takes: "under a minute" };

/** The folder of the YAML host: beside the CLI, on PATH, or built; undefined where none can be had. Tests that need it are then skipped. */
export async function ensureYamlHost(engineBin, options) {
  if (isUsable(join(engineBin, exe(yamlHost.program)))) return engineBin;
  const onPath = which(yamlHost.program);
  return onPath ? dirname(onPath) : ensureBuilt(yamlHost, options);
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
