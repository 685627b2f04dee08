// `npm run backend:ceph -- up|down|run`: a real backend on this machine, for tests and for trying things out.
//   up                 starts it and leaves it running; says how to use it
//   down [--purge]     ends it; with --purge its data too
//   run                starts a new one, ends it with its data when standard input ends (or on Ctrl-C), however that comes about
//   --folder PATH      where it lives (default .local/ceph)      --port N   the first of its ports
//   --json             how it is reached, as one line of JSON
import { resolve } from "node:path";
import { defaultPort, startCluster, stopCluster } from "../test/backends/ceph/cluster.mjs";
import { duration, note, StepError, say } from "./lib/console.mjs";
import { debianPackages } from "./lib/debian.mjs";
import { inRoot, shown } from "./lib/paths.mjs";

const [type, command, ...rest] = process.argv.slice(2);
const optionOf = (name) => (rest.includes(name) ? rest[rest.indexOf(name) + 1] : undefined);
const folder = resolve(optionOf("--folder") ?? inRoot(".local", "ceph"));
const port = Number(optionOf("--port") ?? defaultPort);
const asJson = rest.includes("--json");

function tell(cluster, startedAt) {
  if (asJson) return say(JSON.stringify(cluster));
  say(`Ceph runs in ${shown(folder)} (${duration(Date.now() - startedAt)}).`);
  note(`monitors  ${cluster.monitors.join(", ")}`);
  note(`user      ${cluster.user}, key in ${shown(cluster.keyring)}`);
  note(`try it    CEPH_CONF=${cluster.conf} ceph status`);
  note("end it    npm run backend:ceph -- down --purge");
}

/** Ends with our standard input: whoever started us may be killed at any moment, and nothing is to be left behind then. */
async function untilInputEnds() {
  await new Promise((ended) => {
    for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, ended);
    process.stdin.once("end", ended).once("error", ended).resume();
  });
}

const commands = {
  async up() {
    const startedAt = Date.now();
    try {
      tell(await startCluster({ folder, port }), startedAt);
    } catch (error) {
      await stopCluster({ folder });
      throw error;
    }
  },
  async down() {
    const isStopped = await stopCluster({ folder, purge: rest.includes("--purge") });
    say(isStopped ? `stopped ${shown(folder)}` : `no cluster in ${shown(folder)}`);
  },
  async run() {
    const startedAt = Date.now();
    const ending = untilInputEnds();
    try {
      tell(await startCluster({ folder, port, bound: true }), startedAt);
      await ending;
    } finally {
      await stopCluster({ folder, purge: true });
    }
  },
};

try {
  if (type !== "ceph" || !Object.hasOwn(commands, command ?? ""))
    throw new StepError("npm run backend:ceph -- up|down|run [--purge] [--folder PATH] [--port N] [--json]");
  if (rest.includes("--install")) await debianPackages({ mayInstall: true, only: ["ceph"] });
  await commands[command]();
  process.exitCode = 0;
} catch (error) {
  process.stderr.write(`${error instanceof StepError ? error.message : error.stack}\n`);
  process.exitCode = 1;
}
