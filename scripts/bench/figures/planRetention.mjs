// What planning costs, and that ten times as many snapshots cost no more than ten times as much, nearly.
import { StepError } from "../../lib/console.mjs";
import { interleave } from "../interleave.mjs";
import { pairedRatio, spread } from "../statistics.mjs";
import { atMost, ratioAtMost } from "../verdict.mjs";
import { runWorker } from "../workers/run.mjs";

const goalMs = 1000;
const goalRatio = 12;

export async function planRetentionFigures({ workspace }, { planned, runs }) {
  const plan = (count) => async () => {
    const { ms, decided } = await runWorker("planRetention", workspace.folder, count);
    if (decided !== count) throw new StepError(`The plan decided on ${decided} snapshots instead of ${count}.`);
    return ms;
  };
  const times = await interleave(`plans of ${planned} and ${10 * planned}`, runs, {
    few: plan(planned),
    many: plan(10 * planned),
  });
  const few = spread(times.few);
  const ratio = pairedRatio(times.many, times.few);
  return [
    { name: `planRetention of ${planned}`, unit: "ms", ...few, goal: goalMs, verdict: atMost(few.median, goalMs) },
    {
      name: `of ${10 * planned} / of ${planned}`,
      unit: "ratio",
      ...ratio,
      goal: goalRatio,
      verdict: ratioAtMost(ratio, goalRatio),
    },
  ];
}
