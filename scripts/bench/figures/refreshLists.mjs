// How often a refresh of many volumes lists their pool: a count, not a time.
import { countCalls, counted } from "../counting.mjs";
import { poolInputs, volumeInputs } from "../host.mjs";
import { limited } from "../limited.mjs";
import { atMost } from "../verdict.mjs";

const goal = 2;
const atOnce = 16;

export async function refreshListFigures({ workspace }, { creates: volumes }) {
  const { lists, all } = await refreshOfMany(countCalls(workspace), volumes);
  return [
    { name: `lists in a refresh of ${volumes}`, ...counted(lists), goal, verdict: atMost(lists, goal) },
    { name: "calls of the driver in all", ...counted(all), isSub: true },
  ];
}

/** Makes so many volumes and refreshes them; how often the driver was called meanwhile. */
export async function refreshOfMany({ lifecycles, calls, newContext }, volumes) {
  const made = await makeAll(lifecycles, newContext(), volumes);
  calls.clear();
  const context = newContext(); // a refresh is another process
  await lifecycles.pool.read(made.pool, context);
  await limited(volumes, atOnce, (number) => lifecycles.volume.read(made.volumes[number], context));
  await context.storage.close();
  const all = [...calls].filter(([method]) => method !== "close").reduce((sum, [, count]) => sum + count, 0);
  return { lists: calls.get("list") ?? 0, all };
}

/** Makes a pool and its volumes; returns what reading them takes. */
async function makeAll({ pool, volume }, context, volumes) {
  const make = async (lifecycle, { owner, ...inputs }) => {
    const { id, state } = await lifecycle.create({ owner, inputs }, context);
    return { id, oldState: state };
  };
  const made = { pool: await make(pool, poolInputs), volumes: [] };
  await limited(volumes, atOnce, async (number) => {
    made.volumes[number] = await make(volume, volumeInputs(number));
  });
  await context.storage.close();
  return made;
}
