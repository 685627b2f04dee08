// Finds or makes a Pulumi CLI with a Node language host. The order is: the user's own, ours from an earlier run, Pulumi's
// own download, a build from Go modules. Whatever is found is only ever used, never installed for the user.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { note, StepError } from "./console.mjs";
import { buildEngine } from "./engineBuild.mjs";
import { cacheFolder, cacheRoot, cliVersion, exe, isComplete, readVersion } from "./engineCache.mjs";
import { downloadEngine } from "./engineDownload.mjs";
import { environment } from "./engineEnvironment.mjs";
import { shown } from "./paths.mjs";
import { which } from "./run.mjs";

/** The oldest CLI on PATH that is taken as it is; the tests run against the version in scripts/engine/cli/go.mod. */
const oldest = [3, 200];

const isNewEnough = (version) => {
  const [major, minor] = version.split(".").map(Number);
  return major > oldest[0] || (major === oldest[0] && minor >= oldest[1]);
};

/** A CLI on PATH, if it is new enough and has a Node language host beside it or on PATH. */
async function fromPath(log) {
  const pulumi = which("pulumi");
  if (!pulumi) return undefined;
  const version = await readVersion(pulumi);
  if (!version) return undefined;
  if (!isNewEnough(version)) {
    log(`Pulumi ${version} on PATH is older than ${oldest.join(".")}: not used`);
    return undefined;
  }
  if (!existsSync(join(dirname(pulumi), exe("pulumi-language-nodejs"))) && !which("pulumi-language-nodejs")) {
    log(`Pulumi ${version} on PATH has no pulumi-language-nodejs: not used`);
    return undefined;
  }
  return { binDir: dirname(pulumi), version, source: "on PATH" };
}

async function fromCache() {
  const binDir = join(cacheFolder(), "bin");
  return (await isComplete(binDir)) ? { binDir, version: cliVersion(), source: shown(binDir) } : undefined;
}

/**
 * Returns `{ pulumi, binDir, version, source, env }`: the CLI's full path, its folder, and an environment to start it with, in
 * which PATH leads to it, to the Node language host and to the dynamic provider. `PULUMI_HOME` stays the caller's.
 */
export async function ensureEngine({ log = note } = {}) {
  const reasons = [];
  for (const source of [fromPath, fromCache, downloadEngine, buildEngine]) {
    const found = await source(log, (reason) => reasons.push(reason));
    if (found) return { pulumi: join(found.binDir, exe("pulumi")), ...found, env: environment(found.binDir) };
  }
  throw new StepError(
    [
      "No Pulumi CLI, and none could be made:",
      ...reasons.map((reason) => `  - ${reason}`),
      "Install one of these and run the same command again:",
      "  - the Pulumi CLI: https://www.pulumi.com/docs/install/",
      "  - Go 1.21 or newer: https://go.dev/dl/ (the CLI is then built from source, once, in about 4 minutes)",
      `(an engine made by KRStorage is kept in ${shown(cacheRoot())})`,
    ].join("\n"),
  );
}
