// How often an edit of a class lists the pool that the volumes of the class are in: a count, not a time.
import { StepError } from "../../lib/console.mjs";
import { countCalls, counted } from "../counting.mjs";
import { poolInputs, volumeInputs } from "../host.mjs";
import { limited } from "../limited.mjs";
import { atMost } from "../verdict.mjs";

const goal = 1;
const atOnce = 16;
const owner = "bench/bench/VolumeClass/gold";
const pools = ["main/ssd"];
const [before, after] = [{ tier: "gold" }, { tier: "gold", site: "north" }].map((labels) => ({
  name: "gold",
  pools,
  labels,
}));

export async function classEditFigures({ workspace }, { volumes }) {
  const { lifecycles, calls, newContext } = countCalls(workspace);
  const made = await makeAll(lifecycles, newContext(), volumes);
  calls.clear();
  const context = newContext(); // an edit is another process
  await edit(lifecycles.volumeClass, made.volumeClass, { owner, ...after }, context);
  await limited(volumes, atOnce, (number) =>
    edit(lifecycles.volume, made.volumes[number], volumeOf(number, after), context),
  );
  await context.storage.close();
  const lists = calls.get("list") ?? 0;
  const updates = calls.get("update") ?? 0;
  if (updates !== volumes) throw new StepError(`The edit updated ${updates} volumes instead of ${volumes}.`);
  return [
    {
      name: `lists in a class edit that touches ${volumes} volumes`,
      ...counted(lists),
      goal,
      verdict: atMost(lists, goal),
    },
    {
      name: "calls of the driver in all",
      ...counted([...calls.values()].reduce((sum, count) => sum + count, 0)),
      isSub: true,
    },
  ];
}

function volumeOf(number, volumeClass) {
  const { pool, ...inputs } = volumeInputs(number);
  return { ...inputs, volumeClass };
}

/** Makes a pool, the class and its volumes, as an `up` does. */
async function makeAll({ pool, volumeClass, volume }, context, volumes) {
  const make = async (lifecycle, { owner, ...newInputs }) => {
    const { inputs, failures } = await lifecycle.check({ owner, newInputs }, context);
    refuse(failures);
    const { id, state } = await lifecycle.create({ owner, inputs }, context);
    return { id, inputs, state };
  };
  await make(pool, poolInputs);
  const made = { volumeClass: await make(volumeClass, { owner, ...before }), volumes: [] };
  await limited(volumes, atOnce, async (number) => {
    made.volumes[number] = await make(volume, volumeOf(number, before));
  });
  await context.storage.close();
  return made;
}

/** What the engine asks of a provider about a resource whose inputs have changed. */
async function edit(lifecycle, { id, inputs: oldInputs, state: oldState }, { owner, ...given }, context) {
  const { inputs: newInputs, failures } = await lifecycle.check(
    { owner, oldOwner: owner, oldInputs, newInputs: given },
    context,
  );
  refuse(failures);
  const { changed } = lifecycle.diff({ owner, oldState, newInputs });
  if (changed.length === 0) throw new StepError(`The edit of the class is no difference for ${id}.`);
  await lifecycle.update({ id, owner, oldState, newInputs }, context);
}

function refuse(failures) {
  if (failures.length > 0) throw new StepError(failures.map(({ reason }) => reason).join("; "));
}
