// The first list of a big pool by a new process.
import { StepError } from "../../lib/console.mjs";
import { interleave } from "../interleave.mjs";
import { spread } from "../statistics.mjs";
import { atMost } from "../verdict.mjs";
import { runWorker } from "../workers/run.mjs";
import { localBackends } from "../workspace.mjs";

const goalMs = 500;

export async function listFigures({ workspace }, { listed, runs }) {
  const backends = JSON.stringify(localBackends(workspace.newFolder()));
  await runWorker("libraryCreates", workspace.folder, backends, listed, 16);
  const { list } = await interleave(`list of ${listed}`, runs, {
    list: async () => {
      const { ms, length } = await runWorker("libraryList", workspace.folder, backends);
      if (length !== listed) throw new StepError(`The list has ${length} objects instead of ${listed}.`);
      return ms;
    },
  });
  const time = spread(list);
  return [{ name: `list of ${listed}`, unit: "ms", ...time, goal: goalMs, verdict: atMost(time.median, goalMs) }];
}
