// The language host for programs in YAML: beside the CLI or on PATH, else built from Go modules into the same cache, once.
import { existsSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { note, StepError } from "./console.mjs";
import { buildPart, canBuild } from "./engineBuild.mjs";
import { cacheRoot, exe, isUsable, newWorkFolder, recipeHash } from "./engineCache.mjs";
import { which } from "./run.mjs";

const program = "pulumi-language-yaml";

const part = {
  module: "yamlHost",
  program,
  package: "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml",
  linkerFlags: "",
  takes: "1 to 2 minutes",
};

/** The folder of the YAML host; undefined where there is none and none can be made. Tests that need it are then skipped. */
export async function ensureYamlHost(engineBin, { log = note } = {}) {
  if (isUsable(join(engineBin, exe(program)))) return engineBin;
  const onPath = which(program);
  if (onPath) return dirname(onPath);
  const target = join(cacheRoot(), `yaml-${recipeHash(["yamlHost"])}`);
  if (isUsable(join(target, exe(program)))) return target;
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
