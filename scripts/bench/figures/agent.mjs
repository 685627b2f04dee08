// The agent with nothing to do: its memory, its share of a core, and what a scrape of its metrics takes.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { get } from "node:http";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { StepError } from "../../lib/console.mjs";
import { processCpuMs } from "../cpuTime.mjs";
import { progress } from "../progress.mjs";
import { spread } from "../statistics.mjs";
import { atMost } from "../verdict.mjs";
import { runWorker } from "../workers/run.mjs";
import { localBackends } from "../workspace.mjs";
import { memoryOf } from "./memory.mjs";

const goalMb = 150;
const goalPercent = 1;
const goalScrapeMs = 300;
const sampleMs = 5000;
const starts = 5;
const scrapes = 6;
/** As many volumes to a policy as there are targets of 500 policies with 10,000. */
const volumesOfPolicy = 20;

export async function agentFigures({ workspace }, { listed, idleSeconds }) {
  const folder = workspace.newFolder();
  const backends = localBackends(folder);
  progress(`  agent: making ${listed} volumes and ${listed / volumesOfPolicy} policies`);
  await runWorker("declarePolicies", workspace.folder, JSON.stringify(backends), listed, listed / volumesOfPolicy);
  const found = { first: [], later: [] };
  for (let start = 0; start < starts; start += 1) {
    const agent = await startAgent(workspace, folder, backends, listed);
    try {
      // The first one has been idle for long when it is scraped, the others have just started
      if (start === 0) found.idle = await whileIdle(agent.pid, idleSeconds);
      found.first.push(await scrape(agent.address, listed));
      for (let n = 1; n < scrapes; n += 1) found.later.push(await scrape(agent.address, listed));
      found.after ??= memoryOf(agent.pid);
    } finally {
      await agent.stop();
    }
  }
  return figuresOf(listed, found);
}

function figuresOf(listed, { idle, first, later, after }) {
  const one = (value) => ({ median: value, low: value, high: value, runs: 1 });
  const figure = (name, unit, value, goal) => ({ name, unit, ...value, goal, verdict: atMost(value.median, goal) });
  const what = `agent idle, ${listed} volumes, ${listed / volumesOfPolicy} policies`;
  return [
    figure(what, "MB", idle.memory, goalMb),
    { name: "at its peak, scrapes included", unit: "MB", ...one(after.peak), isSub: true },
    figure(`its share of a core in ${idle.seconds} s`, "percent", one(idle.cpuPercent), goalPercent),
    figure(`scrape of ${listed} volumes`, "ms", spread(later), goalScrapeMs),
    figure("the first scrape of a process", "ms", spread(first), goalScrapeMs),
  ];
}

/** Starts `krstorage agent` as a service would, and waits until it has looked at its backend. */
async function startAgent(workspace, folder, backends, volumeMetrics) {
  const write = (name, content) => {
    const path = join(folder, name);
    writeFileSync(path, JSON.stringify(content), { mode: 0o600 });
    return path;
  };
  const config = write("krstorage.yaml", { backends });
  const own = write("agent.yaml", { listen: "127.0.0.1:0", state: join(folder, "state"), volumeMetrics });
  const args = ["agent", "--config", config, "--agent-config", own];
  const child = spawn(process.execPath, [workspace.inside("agent/cli/main.js"), ...args], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const address = await addressSaid(child);
  while ((await fetch(`${address}/readyz`)).status !== 200) await wait(100);
  const stop = async () => {
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    await ended;
  };
  return { pid: child.pid, address, stop };
}

function addressSaid(child) {
  let said = "";
  return new Promise((resolve, reject) => {
    child.once("exit", () => reject(new StepError(`The agent ended:\n${said}`)));
    child.stderr.on("data", (chunk) => {
      said = `${said}${chunk}`.slice(-10_000);
      const found = /metrics at (http:\S+)\/metrics/.exec(said);
      if (found) resolve(found[1]);
    });
  });
}

/** What it takes while it only looks from time to time. The check of every pool that it begins with is over by then. */
async function whileIdle(pid, seconds) {
  await wait(2 * sampleMs);
  const [startedMs, cpuBeforeMs] = [performance.now(), processCpuMs(pid)];
  const samples = [];
  while (performance.now() - startedMs < seconds * 1000) {
    await wait(sampleMs);
    samples.push(memoryOf(pid).now);
  }
  const cpuPercent = (100 * (processCpuMs(pid) - cpuBeforeMs)) / (performance.now() - startedMs);
  return { memory: spread(samples), cpuPercent, seconds };
}

/** As Prometheus reads it: bytes, which are looked at afterwards. */
async function scrape(address, volumes) {
  const started = performance.now();
  const chunks = await new Promise((resolve, reject) => {
    get(`${address}/metrics`, (response) => {
      const read = [];
      response.on("data", (chunk) => read.push(chunk));
      response.on("end", () => resolve(read));
    }).on("error", reject);
  });
  const ms = performance.now() - started;
  const found = Buffer.concat(chunks).toString().split("\nkrstorage_volume_size_bytes{").length - 1;
  if (found !== volumes) throw new StepError(`The metrics show ${found} volumes instead of ${volumes}.`);
  return ms;
}
