// up, no-change up, refresh and destroy through the engine, against the no-op.
import { childrenCpuMs } from "../cpuTime.mjs";
import { interleave, timed } from "../interleave.mjs";
import { makeStack, packages } from "../stack.mjs";
import { pairedRatio, spread } from "../statistics.mjs";
import { ratioAtMost } from "../verdict.mjs";

const goal = 1.15;
const operations = { up: "up", "no-change": "upUnchanged", refresh: "refresh", destroy: "destroy" };
const titles = { up: "up", "no-change": "no-change up", refresh: "refresh", destroy: "destroy" };

export const engineNames = Object.keys(operations);

const described = { plain: "", classes: " in 3 classes with 3 policies" };

/** The figures of the operations named, at one number of volumes; those in `goals` are judged. `program` is one of those of stack.mjs; `sides` the packages that are compared. */
export async function engineFigures(
  { workspace, engine },
  { volumes, runs, names, goals = [], program = "plain", sides: compared = packages, label = "" },
) {
  const what = `${volumes} volumes${described[program]}`;
  const sides = Object.fromEntries(
    Object.entries(compared).map(([side, from]) => [
      side,
      () => runOnce(workspace, engine, { from, volumes, program }),
    ]),
  );
  const { krstorage, noop } = await interleave(`${label}${what}`, runs, sides);
  return names.flatMap((name) => {
    const of = (side) => side.map((run) => run[name]);
    return compare(`${label}${titles[name]} of ${what} / no-op`, of(krstorage), of(noop), goals.includes(name));
  });
}

function compare(name, ours, theirs, hasGoal) {
  const of = (runs, key) => runs.map((run) => run[key]);
  const ratio = pairedRatio(of(ours, "ms"), of(theirs, "ms"));
  const figures = [
    { name, unit: "ratio", ...ratio, ...(hasGoal ? { goal, verdict: ratioAtMost(ratio, goal) } : {}) },
    { name: "krstorage", unit: "ms", ...spread(of(ours, "ms")), isSub: true },
    { name: "no-op", unit: "ms", ...spread(of(theirs, "ms")), isSub: true },
  ];
  // What other programs do at the same time disturbs this one less
  if (ours[0].cpuMs !== undefined)
    figures.push({
      name: "the same in CPU time",
      unit: "ratio",
      ...pairedRatio(of(ours, "cpuMs"), of(theirs, "cpuMs")),
      isSub: true,
    });
  return figures;
}

/** The time of every operation, in a new stack. */
async function runOnce(workspace, engine, declared) {
  const stack = await makeStack(workspace, engine, declared);
  const times = {};
  for (const [name, method] of Object.entries(operations)) {
    const cpuBefore = childrenCpuMs();
    const ms = await timed(() => stack[method]());
    times[name] = { ms, cpuMs: cpuBefore === undefined ? undefined : childrenCpuMs() - cpuBefore };
  }
  stack.remove();
  return times;
}
