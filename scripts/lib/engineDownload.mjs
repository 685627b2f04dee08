// Pulumi's own download. The npm package `pulumi` holds no CLI: it is a launcher of a few kilobytes that, when first run, fetches
// Pulumi's install script, which fetches the CLI for this system into $PULUMI_HOME/versions/<version>/bin. The launcher exists
// for some versions only; where it can be had depends on the network, so a short probe decides before anything is started.
import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { heartbeat } from "./console.mjs";
import { cliVersion, exe, isComplete, keepAlive, newWorkFolder, publish } from "./engineCache.mjs";
import { runNpm } from "./run.mjs";

const installScript = "https://get.pulumi.com/install.sh";

async function canBeReached() {
  try {
    const answer = await fetch(installScript, { method: "HEAD", signal: AbortSignal.timeout(5000) });
    return answer.ok;
  } catch {
    return false;
  }
}

export async function downloadEngine(log, because) {
  if (!(await canBeReached())) {
    because("Pulumi's download server could not be reached");
    return undefined;
  }
  const version = cliVersion();
  log(`downloading the Pulumi CLI ${version} with the npm package "pulumi" (about 200 MB, kept in the cache folder)`);
  const folder = newWorkFolder();
  const stop = heartbeat("downloading", { onBeat: () => keepAlive(folder) });
  try {
    const env = {
      ...process.env,
      PULUMI_HOME: join(folder, "home"),
      PULUMI_VERSION: version,
      PULUMI_SKIP_UPDATE_CHECK: "true",
    };
    const args = ["exec", "--yes", "--fetch-retries=0", "--fetch-timeout=20000", `pulumi@${version}`, "--", "version"];
    const { code } = await runNpm(args, { cwd: folder, env, timeout: 10 * 60_000 });
    const downloaded = join(folder, "home", "versions", version, "bin");
    if (code !== 0 || !existsSync(join(downloaded, exe("pulumi"))) || !(await isComplete(downloaded))) {
      because("the download of the Pulumi CLI failed");
      return undefined;
    }
    renameSync(downloaded, join(folder, "bin"));
    rmSync(join(folder, "home"), { recursive: true, force: true });
    return { binDir: join(await publish(folder), "bin"), version, source: "downloaded" };
  } finally {
    stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
