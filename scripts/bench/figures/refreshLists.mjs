// How often a refresh of many volumes lists their pool: a count, not a time.
import { poolInputs, volumeInputs } from "../host.mjs";
import { limited } from "../limited.mjs";
import { atMost } from "../verdict.mjs";
import { localBackends } from "../workspace.mjs";

const goal = 2;
const atOnce = 16;

export async function refreshListFigures({ workspace }, { creates: volumes }) {
  const load = (path) => workspace.require(workspace.inside(path));
  const { lifecycles } = load("provider/lifecycle/index.js");
  const calls = registerCounting(load("provider/drivers/registry.js"));
  const { main } = localBackends(workspace.newFolder());
  const newContext = () => contextOver(load, { main: { ...main, type: "counting" } });

  const made = await makeAll(lifecycles, newContext(), volumes);
  calls.clear();
  const context = newContext(); // a refresh is another process
  await lifecycles.pool.read(made.pool, context);
  await limited(volumes, atOnce, (number) => lifecycles.volume.read(made.volumes[number], context));
  const lists = calls.get("list") ?? 0;
  const all = [...calls.values()].reduce((sum, count) => sum + count, 0);
  const once = (value) => ({ unit: "lists", median: value, low: value, high: value, runs: 1 });
  return [
    { name: `lists in a refresh of ${volumes}`, ...once(lists), goal, verdict: atMost(lists, goal) },
    { name: "calls of the driver in all", ...once(all), isSub: true },
  ];
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

function contextOver(load, backends) {
  const { Storage } = load("provider/storage/storage.js");
  const { resolveConfig } = load("provider/storage/configSources.js");
  const { Plan } = load("provider/lifecycle/plan.js");
  const log = { debug() {}, info() {}, warn() {} };
  return { storage: new Storage(resolveConfig({ backends }), { log }), plan: new Plan(), log };
}

/** Registers the local driver once more, as "counting"; returns the number of calls by method. */
function registerCounting({ loadDriver, registerDriver }) {
  const local = loadDriver("local");
  const calls = new Map();
  const open = (...args) =>
    new Proxy(local.open(...args), {
      get(driver, method) {
        const value = driver[method];
        if (typeof value !== "function") return value;
        return (...given) => {
          calls.set(method, (calls.get(method) ?? 0) + 1);
          return value.apply(driver, given);
        };
      },
    });
  registerDriver({ ...local, type: "counting", open });
  return calls;
}
