import type { PolicyRecord } from "../drivers/record";
import { KrStorageError } from "../model/errors";
import { formatObjectId, type ObjectId, type PoolId } from "../model/names";
import { snapshotPolicy } from "../model/snapshotPolicy";
import { maxLookAgeMs } from "../storage/looks";
import {
  type AppliedPolicy,
  applyPolicy,
  type HeldPolicy,
  isAttached,
  newestOf,
  removePolicy,
  viewsOf,
  type WantedPolicy,
} from "../storage/policies";
import type { PoolView } from "../storage/poolView";
import { diffInputs } from "./diff";
import { expectedState } from "./expected";
import type { Context, Lifecycle, Properties, ReadRequest, ReadResult } from "./lifecycle";
import { formatLost, lostMarker } from "./lost";
import { recordedInputs } from "./place";
import { checkPolicy, idsOf, seenKey, seenOf } from "./policyCheck";
import { removedByChange } from "./policyRetention";
import { labelsOf, textOf } from "./properties";
import { hasUnknown } from "./unknown";

/** The inputs that the policy's record keeps as spelled. */
const recorded = [
  "schedule",
  "timezone",
  "retention",
  "keepAtLeast",
  "maxDeletes",
  "targets",
  "consistency",
  "hooks",
  "enabled",
] as const;

const idPrefix = "policy/";

/** A policy is a rule, kept with its targets. Changing or ending it removes no snapshot. */
export const snapshotPolicyLifecycle: Lifecycle = {
  kind: snapshotPolicy,
  check: checkPolicy,

  diff(request) {
    const { changed } = diffInputs(snapshotPolicy, request);
    const seen = request.newInputs[seenKey];
    if (seen !== undefined && seen !== request.oldState[seenKey] && !changed.includes("targets"))
      changed.push("targets");
    return { changed, replaces: [], deleteBeforeReplace: false };
  },

  expected: (request) => ({
    id: hasUnknown(request.newInputs.name) ? undefined : `${idPrefix}${String(request.newInputs.name)}`,
    state: expectedState(snapshotPolicy, request, {}),
  }),

  async create({ inputs, owner }, context) {
    const applied = await applyPolicy(context.storage, undefined, wantedOf(inputs, owner, context), [], context.signal);
    return { id: `${idPrefix}${String(inputs.name)}`, state: stateOf(applied, inputs, owner) };
  },

  async read(request, context) {
    const uid = textOf(request.oldState.uid);
    return uid === undefined ? readByName(request, context) : readHeld(request, uid, context);
  },

  async update({ id, oldState, newInputs, owner }, context) {
    const wanted = wantedOf(newInputs, owner, context);
    const former = poolsOf(oldState.targets);
    const before = await recordIn([...former, ...wanted.targets], heldOf(id, oldState).uid, context);
    if (before) {
      const views = (await looksAt(former, context)).map(({ view }) => view);
      const approved = removedByChange(newInputs, before, views);
      if (approved > 0) wanted.approvedDeletes = approved;
    }
    const applied = await applyPolicy(context.storage, heldOf(id, oldState), wanted, former, context.signal);
    return { state: stateOf(applied, newInputs, owner) };
  },

  async delete({ id, oldState }, context) {
    const result = await removePolicy(context.storage, heldOf(id, oldState), poolsOf(oldState.targets), context.signal);
    if (result === "superseded") context.log.warn(`${id} was not ended: another state holds it now`);
  },
};

function wantedOf(inputs: Properties, owner: string, { storage }: Context): WantedPolicy {
  return {
    name: String(inputs.name),
    owner,
    stackId: storage.stackId,
    requested: recordedInputs(inputs, recorded),
    labels: labelsOf(inputs),
    adopt: textOf(inputs.adopt),
    targets: knownIds(inputs.targets),
  };
}

function knownIds(targets: unknown): ObjectId[] {
  return idsOf(targets).flatMap((id) => id ?? []);
}
function poolsOf(targets: unknown): PoolId[] {
  return knownIds(targets).map(({ backend, pool }) => ({ backend, pool }));
}

function looksAt(pools: PoolId[], { storage, signal }: Context): Promise<{ id: PoolId; view: PoolView }[]> {
  return viewsOf(storage, pools, maxLookAgeMs, signal);
}

async function recordIn(pools: PoolId[], uid: string, context: Context): Promise<PolicyRecord | undefined> {
  const views = await looksAt(pools, context);
  return newestOf(views.flatMap(({ view }) => view.policy(uid) ?? []));
}

/** The policy that a state knows; undefined where no pool of its targets has it any more. */
async function readHeld({ id, oldState }: ReadRequest, uid: string, context: Context): Promise<ReadResult | undefined> {
  const views = await looksAt(poolsOf(oldState.targets), context);
  const record = newestOf(views.flatMap(({ view }) => view.policy(uid) ?? []));
  if (!record) return undefined;
  const inputs = inputsOf(record, views, oldState);
  const state = stateOf(record, inputs, textOf(oldState.owner) ?? record.owner);
  if (record.claim === oldState.claim) return { id, inputs, state };
  const marker = { [lostMarker]: formatLost({ how: "superseded", uid }) };
  return { id, inputs: { ...inputs, ...marker }, state: { ...oldState, ...marker } };
}

/** A policy by its name alone, or by its uid in the name's place, anywhere. Throws CONFLICT naming the candidates where several have the name. */
async function readByName({ id }: ReadRequest, context: Context): Promise<ReadResult | undefined> {
  const name = id.startsWith(idPrefix) ? id.slice(idPrefix.length) : id;
  const views = await looksAt(await allPools(context), context);
  const found = views
    .flatMap(({ view }) => view.policies())
    .filter((record) => [record.name, record.uid].includes(name));
  const uids = [...new Set(found.map(({ uid }) => uid))];
  if (uids.length > 1) {
    const candidates = found.map((record) => `${record.uid} of ${record.owner}`);
    throw new KrStorageError(
      "CONFLICT",
      `several policies are named "${name}": ${[...new Set(candidates)].join(", ")}; name one as ${idPrefix}<uid>`,
      { target: id },
    );
  }
  const record = newestOf(found);
  if (!record) return undefined;
  const inputs = inputsOf(record, views, {});
  return { id: `${idPrefix}${record.name}`, inputs, state: stateOf(record, inputs, record.owner) };
}

async function allPools({ storage, signal }: Context): Promise<PoolId[]> {
  const lists = storage.backendNames().map(async (backend) => {
    const pools = await storage.backend(backend).read(signal, (driver, call) => driver.listPools(call));
    return pools.map(({ record }) => ({ backend, pool: record.name }));
  });
  return (await Promise.all(lists)).flat();
}

/** The inputs as last spelled; of the targets only those on which the policy acts, so that a detached one is a difference. */
function inputsOf(record: PolicyRecord, views: { id: PoolId; view: PoolView }[], oldState: Properties): Properties {
  const attached = views.flatMap(({ id, view }) => {
    const here = view.policy(record.uid);
    if (!here) return [];
    return view
      .all()
      .filter((object) => object.phase === "live" && isAttached(here, object))
      .map((object) => ({ id: formatObjectId({ ...id, name: object.record.name }), object }));
  });
  const acting = new Set(attached.map(({ id }) => id));
  const spelled = (oldState.targets ?? record.requested.targets) as string[] | undefined;
  const echoed = Object.fromEntries(
    [...snapshotPolicy.permissions, seenKey]
      .filter((key) => oldState[key] !== undefined)
      .map((key) => [key, oldState[key]]),
  );
  // An import finds the policy attached to just these, so that declaring them is no difference
  const seen = oldState.uid === undefined ? { [seenKey]: seenOf(attached.map(({ object }) => object)) } : {};
  return {
    ...echoed,
    ...seen,
    ...recordedInputs(record.requested, recorded),
    name: record.name,
    targets: [...(spelled ?? []).filter((target) => acting.delete(target)), ...acting],
    ...(Object.keys(record.labels).length > 0 || oldState.labels !== undefined ? { labels: record.labels } : {}),
  };
}

function stateOf({ uid, claim, generation }: AppliedPolicy, inputs: Properties, owner: string): Properties {
  const { [lostMarker]: _, ...kept } = inputs;
  return { ...kept, uid, claim, generation, status: "ready", owner };
}

function heldOf(id: string, { uid, claim }: Properties): HeldPolicy {
  if (typeof uid === "string" && typeof claim === "string") return { uid, claim };
  throw new KrStorageError(
    "PRECONDITION_FAILED",
    `the state of ${id} does not say which policy it is (no uid); run "pulumi refresh"`,
    { target: id },
  );
}
