// The agent with nothing to do: its memory, its share of a core, and what a scrape of its metrics takes.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
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
const scrapes = 11;
/** As many volumes to a policy as there are targets of 500 policies with 10,000. */
const volumesOfPolicy = 20;

export async function agentFigures({ workspace }, { listed, idleSeconds }) {
  const folder = workspace.newFolder();
  const backends = localBackends(folder);
  progress(`  agent: making ${listed} volumes and ${listed / volumesOfPolicy} policies`);
  await runWorker("declarePolicies", workspace.folder, JSON.stringify(backends), listed, listed / volumesOfPolicy);
  const agent = await startAgent(workspace, folder, backends, listed);
  try {
    const idle = await whileIdle(agent.pid, idleSeconds);
    const first = await scrape(agent.address, listed);
    const later = [];
    for (let n = 1; n < scrapes; n += 1) later.push(await scrape(agent.address, listed));
    return figuresOf(listed, idle, first, spread(later), memoryOf(agent.pid));
  } finally {
    await agent.stop();
  }
}

function figuresOf(listed, { memory, cpuPercent, seconds }, first, later, after) {
  const one = (value) => ({ median: value, low: value, high: value, runs: 1 });
  const what = `agent idle, ${listed} volumes, ${listed / volumesOfPolicy} policies`;
  return [
    { name: what, unit: "MB", ...memory, goal: goalMb, verdict: atMost(memory.median, goalMb) },
    { name: "at its peak, scrapes included", unit: "MB", ...one(after.peak), isSub: true },
    {
      name: `its share of a core in ${seconds} s`,
      unit: "percent",
      ...one(cpuPercent),
      goal: goalPercent,
      verdict: atMost(cpuPercent, goalPercent),
    },
    {
      name: `scrape of ${listed} volumes`,
      unit: "ms",
      ...later,
      goal: goalScrapeMs,
      verdict: atMost(later.median, goalScrapeMs),
    },
    { name: "the first one", unit: "ms", ...one(first), goal: goalScrapeMs, verdict: atMost(first, goalScrapeMs) },
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

async function scrape(address, volumes) {
  const started = performance.now();
  const text = await (await fetch(`${address}/metrics`)).text();
  const ms = performance.now() - started;
  const found = text.split("\nkrstorage_volume_size_bytes{").length - 1;
  if (found !== volumes) throw new StepError(`The metrics show ${found} volumes instead of ${volumes}.`);
  return ms;
}
