// up, no-change up, refresh and destroy through the engine, against the no-op.
import { interleave, timed } from "../interleave.mjs";
import { makeStack, packages } from "../stack.mjs";
import { pairedRatio, spread } from "../statistics.mjs";
import { ratioAtMost } from "../verdict.mjs";

const goal = 1.15;
const operations = { up: "up", "no-change": "upUnchanged", refresh: "refresh", destroy: "destroy" };
const titles = { up: "up", "no-change": "no-change up", refresh: "refresh", destroy: "destroy" };

export const engineNames = Object.keys(operations);

/** The figures of the operations named, at one number of volumes. */
export async function engineFigures({ workspace, engine }, { volumes, runs, names, hasGoal }) {
  const sides = Object.fromEntries(
    Object.entries(packages).map(([side, from]) => [side, () => runOnce(workspace, engine, from, volumes)]),
  );
  const { krstorage, noop } = await interleave(`${volumes} volumes`, runs, sides);
  return names.flatMap((name) => {
    const [ours, theirs] = [krstorage, noop].map((side) => side.map((times) => times[name]));
    const ratio = pairedRatio(ours, theirs);
    const title = `${titles[name]} of ${volumes} volumes`;
    return [
      {
        name: `${title} / no-op`,
        unit: "ratio",
        ...ratio,
        ...(hasGoal ? { goal, verdict: ratioAtMost(ratio, goal) } : {}),
      },
      { name: "krstorage", unit: "ms", ...spread(ours), isSub: true },
      { name: "no-op", unit: "ms", ...spread(theirs), isSub: true },
    ];
  });
}

async function runOnce(workspace, engine, from, volumes) {
  const stack = await makeStack(workspace, engine, { from, volumes });
  const times = {};
  for (const [name, method] of Object.entries(operations)) times[name] = await timed(() => stack[method]());
  return times;
}
