// The provider's memory after it has made volumes.
import { readFileSync } from "node:fs";
import { StepError } from "../../lib/console.mjs";
import { hostConfig, poolInputs, startHost, volumeInputs } from "../host.mjs";
import { limited } from "../limited.mjs";
import { packages } from "../stack.mjs";
import { spread } from "../statistics.mjs";
import { atMost } from "../verdict.mjs";
import { localBackends } from "../workspace.mjs";

const goalMb = 150;
/** As the engine does it by default on a small machine. */
const atOnce = 16;
const processes = 3;

export async function memoryFigures({ workspace }, { volumes }) {
  const used = { krstorage: [], noop: [] };
  for (let round = 0; round < processes; round += 1) {
    for (const [side, from] of Object.entries(packages)) used[side].push(await memoryAfter(workspace, from, volumes));
  }
  const ours = spread(used.krstorage.map((memory) => memory.now));
  return [
    {
      name: `memory after ${volumes} volumes`,
      unit: "MB",
      ...ours,
      goal: goalMb,
      verdict: atMost(ours.median, goalMb),
    },
    { name: "at its peak", unit: "MB", ...spread(used.krstorage.map((memory) => memory.peak)), isSub: true },
    { name: "no-op", unit: "MB", ...spread(used.noop.map((memory) => memory.now)), isSub: true },
  ];
}

async function memoryAfter(workspace, from, volumes) {
  const config = hostConfig(localBackends(workspace.newFolder()));
  const host = await startHost(workspace.folder);
  try {
    await host.configure(config);
    await host.create(await host.check(from, "Pool", poolInputs));
    await limited(volumes, atOnce, async (number) =>
      host.create(await host.check(from, "Volume", volumeInputs(number))),
    );
    return memoryOf(host.pid);
  } finally {
    await host.stop();
  }
}

/** What a process takes now, and at its peak, in MB. */
export function memoryOf(pid) {
  if (process.platform !== "linux") throw new StepError("The memory of a process is read from /proc: Linux only.");
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const megabytes = (key) => (Number(new RegExp(`^${key}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) * 1024) / 1e6;
  return { now: megabytes("VmRSS"), peak: megabytes("VmHWM") };
}
