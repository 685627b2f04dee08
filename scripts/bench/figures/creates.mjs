// Durable creates by the library, against the least that a durable file costs.
import { interleave } from "../interleave.mjs";
import { pairedRatio, spread } from "../statistics.mjs";
import { ratioAtMost } from "../verdict.mjs";
import { runWorker } from "../workers/run.mjs";
import { localBackends } from "../workspace.mjs";

const goal = 4;
/** The concurrency of a backend where none is configured. */
const atOnce = 16;

export async function createFigures({ workspace }, { creates, runs }) {
  const { library, bare } = await interleave(`${creates} creates`, runs, {
    library: async () => {
      const backends = JSON.stringify(localBackends(workspace.newFolder()));
      return (await runWorker("libraryCreates", workspace.folder, backends, creates, atOnce)).ms;
    },
    bare: async () => (await runWorker("bareCreates", workspace.newFolder(), creates, atOnce)).ms,
  });
  const ratio = pairedRatio(library, bare);
  return [
    {
      name: `${creates} creates by the library / bare loop`,
      unit: "ratio",
      ...ratio,
      goal,
      verdict: ratioAtMost(ratio, goal),
    },
    { name: "library", unit: "ms", ...spread(library), isSub: true },
    { name: "open, truncate, write, fsync, rename", unit: "ms", ...spread(bare), isSub: true },
  ];
}
