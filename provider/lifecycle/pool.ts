import type { Prospect, StoredPool } from "../drivers/driver";
import type { PoolSettings } from "../drivers/record";
import { cephPool, madeOtherwise } from "../model/cephPool";
import { hasCode, KrStorageError } from "../model/errors";
import { formatPoolId, type PoolId, parsePoolId } from "../model/names";
import { type PoolInputs, pool, poolCapabilities } from "../model/pool";
import type { Wanted } from "../storage/claims";
import { maxLookAgeMs } from "../storage/looks";
import {
  changePool,
  decidePoolTakeOver,
  ensurePool,
  type HeldPool,
  poolSettings,
  readPool,
  removePool,
} from "../storage/pools";
import { diffInputs, immutableChanges } from "./diff";
import { expectedState } from "./expected";
import type { CheckFailure, CheckRequest, CheckResult, Context, Lifecycle, Properties, ReadResult } from "./lifecycle";
import { lookSignal } from "./look";
import { formatLost, lostIn, lostMarker } from "./lost";
import { keepPlace } from "./place";
import { labelsOf, textOf } from "./properties";
import { awaySentence, heldElsewhereSentence, madeOtherwiseSentence, twiceSentence } from "./sentences";
import { checkShape } from "./shape";
import { benefitOfDoubt, hasUnknown, knownOnly } from "./unknown";

const defaultBackend = "local";
/** The inputs that the pool's record keeps as spelled. */
const recorded = ["tier", "capacity", "maxOvercommit", "reserve", "trashRetention", "ceph"] as const;

/** A pool is a place, not data: it is never replaced, and never removed while anything lives in it. */
export const poolLifecycle: Lifecycle = {
  kind: pool,

  async check(request, context): Promise<CheckResult> {
    const { inputs: given, failures } = checkShape(pool, request);
    const inputs = keepPlace(given, request.oldInputs, context.storage);
    const place = idOf(inputs);
    if (failures.length > 0 || !place) return { inputs, failures };
    const id = context.storage.canonical(place);
    const refused = immutableChanges(pool, placeOf(request.oldInputs), placeOf(inputs));
    if (request.oldInputs && refused.length > 0)
      return {
        inputs,
        failures: refused.map((key) => ({
          property: key,
          reason: movedSentence(idOf(request.oldInputs as Properties), key),
        })),
      };
    const otherwise = request.oldInputs && madeOtherwiseFailure(id, request.oldInputs, inputs, context);
    if (otherwise) return { inputs, failures: [otherwise] };
    const twice = declaredTwice(id, request, context);
    const { failure, prospect } = twice ? { failure: twice } : await look(id, inputs, request, context);
    if (failure) return { inputs, failures: [failure] };
    const settings = poolSettings(knownOnly(inputs) as PoolInputs);
    context.plan.addPool(formatPoolId(id), { owner: request.owner, settings, prospect });
    return { inputs, failures: [] };
  },

  diff: (request) => ({
    ...diffInputs(pool, {
      ...request,
      oldState: { ...request.oldState, ...placeOf(request.oldState) },
      newInputs: { ...request.newInputs, ...placeOf(request.newInputs) },
    }),
    replaces: [],
    deleteBeforeReplace: false,
  }),

  expected(request, { storage, plan }) {
    const id = idOf(request.newInputs);
    const driver = id && storage.backend(id.backend).type;
    const prospect = id && plan.pool(formatPoolId(storage.canonical(id)))?.prospect;
    const capabilities = poolCapabilities.safeParse(prospect?.capabilities).data;
    return {
      id: id && formatPoolId(id),
      state: expectedState(pool, request, {
        status: "ready",
        ...(driver === undefined ? {} : { driver }),
        ...(capabilities === undefined ? {} : { capabilities }),
      }),
    };
  },

  async create({ inputs, owner }, context) {
    const id = knownId(inputs);
    const { storage } = context;
    const made = await ensurePool(
      storage,
      id,
      wantedOf(inputs, owner, context),
      poolSettings(inputs as PoolInputs),
      context.signal,
    );
    return { id: formatPoolId(id), state: stateOf(made, id, inputs, owner, context) };
  },

  async read({ id: text, oldState }, context): Promise<ReadResult | undefined> {
    const id = parsePoolId(text);
    if (!id)
      throw new KrStorageError("INVALID_ARGUMENT", `"${text}" is not the id of a pool; write "<backend>/<pool>"`, {
        target: text,
      });
    const found = await readPool(context.storage, id, textOf(oldState.identity), context.signal);
    if (!found) return undefined;
    const { record } = found;
    const owner = oldState.uid === undefined ? record.owner : (textOf(oldState.owner) ?? record.owner);
    const isHeld = oldState.uid === undefined || (record.uid === oldState.uid && record.claim === oldState.claim);
    const inputs: Properties = {
      ...Object.fromEntries(
        ["adopt", "backend"].filter((key) => oldState[key] !== undefined).map((key) => [key, oldState[key]]),
      ),
      ...(oldState.uid === undefined ? { backend: id.backend } : {}),
      name: id.pool,
      ...requestedOf(record.requested),
      ...(Object.keys(record.labels).length > 0 || oldState.labels !== undefined ? { labels: record.labels } : {}),
    };
    if (isHeld) return { id: text, inputs, state: stateOf(found, id, inputs, owner, context) };
    const marker = { [lostMarker]: formatLost({ how: "superseded", uid: record.uid }) };
    return { id: text, inputs: { ...inputs, ...marker }, state: { ...oldState, ...marker } };
  },

  async update({ id: text, oldState, newInputs, owner }, context) {
    const id = knownId(newInputs);
    const old = parsePoolId(text);
    if (!old || formatPoolId(context.storage.canonical(id)) !== formatPoolId(context.storage.canonical(old)))
      throw new KrStorageError(
        "PRECONDITION_FAILED",
        `${text}: a pool cannot move to ${formatPoolId(id)}; nothing was changed`,
        { target: text },
      );
    const { storage } = context;
    const settings = poolSettings(newInputs as PoolInputs);
    try {
      const change = {
        owner,
        requested: requestedOf(newInputs),
        labels: labelsOf(newInputs),
        settings,
        ...(storage.stackId === undefined ? {} : { stackId: storage.stackId }),
      };
      const changed = await changePool(storage, id, heldOf(text, oldState), change, context.signal);
      return { state: stateOf(changed, id, newInputs, owner, context) };
    } catch (error) {
      if (!hasCode(error, "CONFLICT") || newInputs.adopt === undefined) throw error;
      const taken = await ensurePool(storage, id, wantedOf(newInputs, owner, context), settings, context.signal);
      return { state: stateOf(taken, id, newInputs, owner, context) };
    }
  },

  async delete({ id: text, oldState }, context) {
    const id = parsePoolId(text);
    if (!id)
      throw new KrStorageError("INVALID_ARGUMENT", `"${text}" is not the id of a pool; nothing was deleted`, {
        target: text,
      });
    const result = await removePool(context.storage, id, heldOf(text, oldState), context.signal);
    if (result === "superseded") context.log.warn(`pool ${text} was not removed: another state holds it now`);
    if (result === "retired")
      context.log.info(
        `pool ${text} has only trash left; it goes when that has ended, and comes back if this stack declares it again`,
      );
  },
};

function declaredTwice(id: PoolId, { owner, oldInputs }: CheckRequest, { plan }: Context): CheckFailure | undefined {
  const other = oldInputs === undefined ? plan.addName(formatPoolId(id), owner) : undefined;
  return other === undefined
    ? undefined
    : { property: "name", reason: twiceSentence(`pool ${formatPoolId(id)}`, other, owner) };
}

/** How a pool of the cluster was made is not changed by editing the program: it would say something that is not so. */
function madeOtherwiseFailure(
  id: PoolId,
  oldInputs: Properties,
  inputs: Properties,
  { storage }: Context,
): CheckFailure | undefined {
  if (storage.backend(id.backend).type !== "ceph" || hasUnknown(inputs.ceph)) return undefined;
  const [key] = madeOtherwise(cephPool.safeParse(oldInputs.ceph).data, cephPool.safeParse(inputs.ceph).data);
  return key === undefined
    ? undefined
    : { property: `ceph.${key}`, reason: madeOtherwiseSentence(formatPoolId(id), key) };
}

/** Read has noted that another state has taken the pool over: an update would be refused, so check says it first. */
function supersededFailure(id: PoolId, oldInputs: Properties, inputs: Properties): CheckFailure | undefined {
  const uid = lostIn(oldInputs)?.uid;
  if (uid === undefined || inputs.adopt === uid) return undefined;
  return { property: "name", reason: heldElsewhereSentence(`pool ${formatPoolId(id)}`, uid) };
}

/** What a look at a pool told: why it is refused, or what one that is still to be made would be. */
interface Looked {
  failure?: CheckFailure | undefined;
  prospect?: Prospect | undefined;
}

async function look(id: PoolId, inputs: Properties, request: CheckRequest, context: Context): Promise<Looked> {
  try {
    const existing = await readPool(context.storage, id, undefined, lookSignal(context));
    if (!existing && request.oldInputs) return { failure: { property: "", reason: awaySentence(formatPoolId(id)) } };
    if (!existing) return { prospect: await prospectOf(id, poolSettings(knownOnly(inputs) as PoolInputs), context) };
    if (request.oldInputs) return { failure: supersededFailure(id, request.oldInputs, inputs) };
    if (hasUnknown(inputs.adopt)) return {};
    const wanted = wantedOf(inputs, request.owner, context);
    wanted.requested = benefitOfDoubt(wanted.requested, existing.record.requested);
    wanted.labels = benefitOfDoubt(wanted.labels, existing.record.labels);
    const { at } = await context.storage.view(id, { maxAgeMs: maxLookAgeMs, signal: lookSignal(context) });
    const decision = decidePoolTakeOver(existing.record, wanted, id, at);
    return "refused" in decision ? { failure: { property: "name", reason: decision.refused } } : {};
  } catch (error) {
    if (!KrStorageError.isInstance(error)) throw error;
    if (hasCode(error, "UNAVAILABLE", "TIMEOUT", "CANCELLED")) {
      context.log.warn(
        `pool ${formatPoolId(id)} could not be looked at, so this preview promises less: ${error.message}`,
      );
      return {};
    }
    const property = error.issues[0]?.path ?? (hasCode(error, "ALREADY_EXISTS") ? "name" : "backend");
    return { failure: { property, reason: error.message } };
  }
}

async function prospectOf(id: PoolId, settings: PoolSettings, context: Context): Promise<Prospect> {
  const prospect = await context.storage
    .backend(id.backend)
    .read(lookSignal(context), (driver, call) => driver.prospect(id.pool, call, settings));
  for (const note of prospect.notes ?? [])
    if (context.plan.isNews(note)) context.log.info(`backend ${id.backend}: ${note}`);
  return prospect;
}

function movedSentence(oldId: PoolId | undefined, key: string): string {
  return `a pool cannot change its ${key}: what is in ${oldId ? formatPoolId(oldId) : "it"} would stay behind. Declare a second pool, make volumes in it from those of this one, then remove this one`;
}

/** Where the inputs place the pool, with the default backend spelled out, so that leaving it out is no change. */
function placeOf(inputs: Properties | undefined): Properties {
  return { backend: inputs?.backend ?? defaultBackend, name: inputs?.name };
}
function idOf(inputs: Properties): PoolId | undefined {
  const { backend, name } = placeOf(inputs);
  return typeof backend === "string" && typeof name === "string" ? { backend, pool: name } : undefined;
}
function knownId(inputs: Properties): PoolId {
  const id = idOf(inputs);
  if (id) return id;
  throw new KrStorageError("INTERNAL", "a pool reached the provider before its place was known");
}
function wantedOf(inputs: Properties, owner: string, { storage }: Context): Wanted {
  return {
    owner,
    stackId: storage.stackId,
    requested: requestedOf(inputs),
    labels: labelsOf(inputs),
    adopt: textOf(inputs.adopt),
  };
}
function requestedOf(inputs: Properties): Record<string, unknown> {
  return Object.fromEntries(recorded.filter((key) => inputs[key] !== undefined).map((key) => [key, inputs[key]]));
}

function stateOf(stored: StoredPool, id: PoolId, inputs: Properties, owner: string, { storage }: Context): Properties {
  const { record } = stored;
  const { [lostMarker]: _, ...kept } = inputs;
  return {
    ...kept,
    driver: storage.backend(id.backend).type,
    capabilities: record.capabilities,
    identity: record.identity,
    uid: record.uid,
    status: "ready",
    claim: record.claim,
    owner,
  };
}

function heldOf(id: string, state: Properties): HeldPool {
  const { uid, claim, identity } = state;
  if (typeof uid === "string" && typeof claim === "string" && typeof identity === "string")
    return { uid, claim, identity };
  throw new KrStorageError(
    "PRECONDITION_FAILED",
    `the state of pool ${id} does not say which pool it is (no uid); run "pulumi refresh"`,
    { target: id },
  );
}
