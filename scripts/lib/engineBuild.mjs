// Builds the engine from Go modules: the CLI, then the Node language host. The modules are pinned in scripts/engine/; they come
// from wherever the user's Go gets its modules, and are checked against the committed go.sum.
import { copyFileSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { heartbeat, StepError } from "./console.mjs";
import {
  cacheFolder,
  cliVersion,
  exe,
  isBeingMade,
  isComplete,
  keepAlive,
  newWorkFolder,
  publish,
  recipe,
} from "./engineCache.mjs";
import { shown } from "./paths.mjs";
import { run, tail, which } from "./run.mjs";

// The language host is the last version that is part of this SDK module. Newer ones are modules of their own.
const parts = () => [
  {
    module: "cli",
    program: "pulumi",
    package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    // Without it the CLI takes itself for a development build and refuses what needs a minimum version.
    linkerFlags: `-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${cliVersion()}`,
    takes: "3 to 4 minutes on 2 cores, up to 2 GB of memory",
  },
  {
    module: "nodeHost",
    program: "pulumi-language-nodejs",
    package: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
    linkerFlags: "",
    takes: "under a minute",
  },
];

const go = () => which("go", { also: ["/usr/local/go/bin"] });

export const canBuild = () => go() !== undefined;

/**
 * Builds one program of the recipe into a folder, and puts the `files` of its module beside it that it runs. Throws a StepError
 * with the end of what Go says.
 */
export async function buildPart(part, binDir, log, onBeat = () => {}) {
  log(`building ${part.program} (${part.takes})`);
  const stop = heartbeat(`building ${part.program}`, { onBeat });
  try {
    const args = ["build", "-mod=readonly", "-buildvcs=false", "-ldflags", `-s -w ${part.linkerFlags}`.trim()];
    const env = { ...process.env, GOWORK: "off" };
    const built = await run(go(), [...args, "-o", join(binDir, exe(part.program)), part.package], {
      cwd: join(recipe, part.module),
      env,
    });
    if (built.code !== 0) {
      throw new StepError(
        `Building ${part.program} failed:\n${tail(built.output)}\nTry: cd ${shown(join(recipe, part.module))} && go mod download`,
      );
    }
    if (part.files) await copyFiles(part, binDir);
  } finally {
    stop();
  }
}

async function copyFiles({ module, from, files }, binDir) {
  const args = ["list", "-m", "-mod=readonly", "-f", "{{.Dir}}", from];
  const listed = await run(go(), args, { cwd: join(recipe, module), env: { ...process.env, GOWORK: "off" } });
  const folder = listed.stdout.trim();
  if (listed.code !== 0 || folder === "")
    throw new StepError(`The files of ${from} are not there:\n${tail(listed.output)}`);
  for (const file of files) copyFileSync(join(folder, file), join(binDir, basename(file)));
}

/** Waits as long as another run is making the engine; true if that run succeeded. */
async function otherRunMadeIt(log) {
  if (!isBeingMade()) return false;
  log("another run is making the Pulumi CLI: waiting for it");
  const stop = heartbeat("waiting");
  while (isBeingMade()) await new Promise((resolve) => setTimeout(resolve, 2000));
  stop();
  return isComplete(join(cacheFolder(), "bin"));
}

export async function buildEngine(log, because) {
  if (!go()) {
    because("there is no Go on PATH to build it from source");
    return undefined;
  }
  const version = cliVersion();
  const binDir = join(cacheFolder(), "bin");
  if (await otherRunMadeIt(log)) return { binDir, version, source: "made by another run" };
  log(`no Pulumi CLI on this machine: building ${version} from Go modules, once, in about 5 minutes`);
  log(`it needs about 3 GB of disk for Go's own caches; the result (130 MB) goes to ${shown(cacheFolder())}`);
  const folder = newWorkFolder();
  try {
    mkdirSync(join(folder, "bin"));
    for (const part of parts())
      await buildPart(part, join(folder, "bin"), log, () => existsSync(folder) && keepAlive(folder));
    if (!(await isComplete(join(folder, "bin"))))
      throw new StepError("The Pulumi CLI was built but does not run on this machine.");
    await publish(folder);
    return { binDir, version, source: "built" };
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    because(error.message);
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
