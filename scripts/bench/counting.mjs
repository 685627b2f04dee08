// The lifecycle over a driver whose calls are counted.
import { localBackends } from "./workspace.mjs";

/**
 * Returns the lifecycles, the number of calls of the driver by method so far, what loads a file of krstorage, and what makes a context as
 * each process has one. `main` is the backend; a new local one where none is given.
 */
export function countCalls(workspace, main = localBackends(workspace.newFolder()).main) {
  const load = (path) => workspace.require(workspace.inside(path));
  const { type, calls } = registerCounting(load("provider/drivers/registry.js"), main.type);
  return {
    lifecycles: load("provider/lifecycle/index.js").lifecycles,
    calls,
    load,
    newContext: (env) => contextOver(load, { main: { ...main, type } }, env),
  };
}

/** A count as a figure. */
export const counted = (value) => ({ unit: "lists", median: value, low: value, high: value, runs: 1 });

function contextOver(load, backends, env = {}) {
  const { Storage } = load("provider/storage/storage.js");
  const { resolveConfig } = load("provider/storage/configSources.js");
  const { Plan } = load("provider/lifecycle/plan.js");
  const log = { debug() {}, info() {}, warn() {} };
  return { storage: new Storage(resolveConfig({ backends }), { log, ...env }), plan: new Plan(), log };
}

let registered = 0;

/** Registers a driver once more, as a type of its own; returns that, and the number of calls by method. */
function registerCounting({ loadDriver, registerDriver }, original) {
  const counting = loadDriver(original);
  const calls = new Map();
  const open = (...args) =>
    new Proxy(counting.open(...args), {
      get(driver, method) {
        const value = driver[method];
        if (typeof value !== "function") return value;
        return (...given) => {
          calls.set(method, (calls.get(method) ?? 0) + 1);
          return value.apply(driver, given);
        };
      },
    });
  registered += 1;
  const type = `counting-${registered}`;
  registerDriver({ ...counting, type, open });
  return { type, calls };
}
