import { type PoolId, parsePoolId } from "../model/names";
import { type ClassDefinition, volumeClass } from "../model/volumeClass";
import { abilitiesOf } from "./abilities";
import { unmetWishes } from "./capable";
import { diffInputs } from "./diff";
import type { CheckFailure, Context, Lifecycle, Properties } from "./lifecycle";
import { lookAt } from "./look";
import { checkShape } from "./shape";
import { hasUnknown } from "./unknown";

const idPrefix = "class/";

/**
 * A class lives in the state alone: what an object needs of it is copied into the object's own record. So nothing is
 * asked of any backend but whether its pools are there and can do what it says.
 */
export const volumeClassLifecycle: Lifecycle = {
  kind: volumeClass,

  async check(request, context) {
    const { inputs, failures } = checkShape(volumeClass, request);
    if (failures.length > 0) return { inputs, failures };
    return { inputs, failures: await checkPools(inputs, request.oldInputs !== undefined, context) };
  },

  diff(request) {
    const { changed } = diffInputs(volumeClass, request);
    // No data hangs on a class, so one of another name simply takes its place
    return { changed, replaces: changed.filter((key) => key === "name"), deleteBeforeReplace: false };
  },

  expected: ({ newInputs, owner }) => ({
    id: hasUnknown(newInputs.name) ? undefined : `${idPrefix}${String(newInputs.name)}`,
    state: stateOf(newInputs, owner),
  }),

  create: async ({ inputs, owner }) => ({ id: `${idPrefix}${String(inputs.name)}`, state: stateOf(inputs, owner) }),

  async read({ id, oldState }) {
    const { owner, definition, ...inputs } = oldState;
    return definition === undefined ? undefined : { id, inputs, state: oldState };
  },

  update: async ({ newInputs, owner }) => ({ state: stateOf(newInputs, owner) }),

  delete: async () => undefined,
};

function stateOf(inputs: Properties, owner: string): Properties {
  return { ...inputs, definition: definitionOf(inputs), owner };
}

function definitionOf(inputs: Properties): Properties {
  const keys = Object.keys(volumeClass.inputs);
  return Object.fromEntries(keys.filter((key) => inputs[key] !== undefined).map((key) => [key, inputs[key]]));
}

/** Every pool must be there or planned, and one of them able to do what the class says. */
async function checkPools(inputs: Properties, isKnown: boolean, context: Context): Promise<CheckFailure[]> {
  if (!Array.isArray(inputs.pools)) return [];
  const failures: CheckFailure[] = [];
  const unable: CheckFailure[] = [];
  let mayFit = false;
  const definition = hasUnknown(inputs) ? undefined : (definitionOf(inputs) as ClassDefinition);
  for (const [index, pool] of (inputs.pools as unknown[]).entries()) {
    const parsed = typeof pool === "string" ? parsePoolId(pool) : undefined;
    const id = parsed && context.storage.canonical<PoolId>(parsed);
    const look = id && (await lookAt(id, isKnown ? "changed" : "new", context));
    if (look && "failure" in look) failures.push({ property: `pools[${index}]`, reason: look.failure });
    if (!id || !look || "failure" in look || !definition) {
      mayFit ||= !look || !("failure" in look);
      continue;
    }
    const unmet = unmetWishes("volume", { volumeClass: definition }, abilitiesOf(id, look.view, context));
    if (unmet.length === 0) mayFit = true;
    unable.push(...unmet);
  }
  if (failures.length > 0 || mayFit || unable.length === 0) return failures;
  return [
    {
      property: "accessModes",
      reason: `no pool of the class can do what it says: ${unable.map(({ reason }) => reason).join("; ")}`,
    },
  ];
}
