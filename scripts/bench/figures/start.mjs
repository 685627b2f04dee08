// From the start of the provider's process to its first answer.
import { hostConfig, startHost, volumeInputs } from "../host.mjs";
import { interleave, timed } from "../interleave.mjs";
import { packages } from "../stack.mjs";
import { spread } from "../statistics.mjs";
import { atMost } from "../verdict.mjs";
import { localBackends } from "../workspace.mjs";

const goalMs = 250;

/** The pool is there, as on every `up` but the first: the first answer then needs its database. */
export async function startFigures({ workspace }, { starts }) {
  const folder = workspace.newFolder();
  const backends = localBackends(folder);
  const config = hostConfig(backends);
  const storage = workspace.require("krstorage/storage").openStorage({ backends });
  await storage.createPool("main/ssd", { reserve: "0B" });
  await storage.close();

  const firstAnswer = async (from) => {
    let host;
    const ms = await timed(async () => {
      host = await startHost(workspace.folder);
      await host.configure(config);
      await host.check(from, "Volume", volumeInputs(0));
    });
    await host.stop();
    return ms;
  };
  const { krstorage, noop } = await interleave("provider start", starts, {
    krstorage: () => firstAnswer(packages.krstorage),
    noop: () => firstAnswer(packages.noop),
  });
  const ours = spread(krstorage);
  return [
    { name: "provider start to first answer", unit: "ms", ...ours, goal: goalMs, verdict: atMost(ours.median, goalMs) },
    { name: "no-op", unit: "ms", ...spread(noop), isSub: true },
    { name: "krstorage's own part", unit: "ms", ...spread(krstorage.map((ms, run) => ms - noop[run])), isSub: true },
  ];
}
