import type { RecordChange, StoredObject } from "../drivers/driver";
import { newClaim, type ObjectSettings } from "../drivers/record";
import { hasCode, KrStorageError } from "../model/errors";
import { canonicalJson } from "../model/kind";
import { formatObjectId, type ObjectId } from "../model/names";
import { withOwnPolicy } from "./attachments";
import { type HeldObject, healthProblem, isUnheld, unheldSentence } from "./claims";
import { maxLookAgeMs } from "./looks";
import type { PoolView } from "./poolView";
import { poolRef, type Storage } from "./storage";
import { removeObject } from "./trash";

/** What an existing object should become. Absent fields stay as they are. */
export interface ObjectChange {
  owner?: string;
  stackId?: string | undefined;
  requested?: Record<string, unknown>;
  labels?: Record<string, string>;
  protection?: boolean;
  sizeBytes?: number | undefined;
  /** What it is given, of its own and by its class. */
  settings?: ObjectSettings;
  /** The uid that the user has allowed to be taken over from whoever holds it. */
  adopt?: string | undefined;
}

/**
 * Brings a held object to what is wanted, from what is observed. Throws NOT_FOUND if it is not live any more, CONFLICT if
 * another state holds it. Nothing is written where nothing differs.
 */
export async function changeObject(
  storage: Storage,
  id: ObjectId,
  held: HeldObject,
  change: ObjectChange,
  signal?: AbortSignal,
): Promise<StoredObject> {
  for (let maxAgeMs = maxLookAgeMs; ; maxAgeMs = 0) {
    const view = await storage.view(id, { maxAgeMs, identity: held.poolIdentity, signal });
    try {
      return await changeObserved(storage, id, held, change, view, signal);
    } catch (error) {
      // What was observed may be old: once more from a new look
      if (maxAgeMs === 0 || !hasCode(error, "CONFLICT", "NOT_FOUND")) throw error;
    }
  }
}

async function changeObserved(
  storage: Storage,
  id: ObjectId,
  held: HeldObject,
  change: ObjectChange,
  view: PoolView,
  signal?: AbortSignal,
): Promise<StoredObject> {
  const what = formatObjectId(id);
  let observed = view.byUid(held.uid);
  if (observed?.phase !== "live" || observed.health === "missing")
    throw new KrStorageError("NOT_FOUND", `${what} (uid ${held.uid}) ${absence(observed)}`, { target: what });
  const isHeld = observed.record.claim === held.claim;
  if (!isHeld && change.adopt !== held.uid) {
    const why = isUnheld(observed.record)
      ? `${unheldSentence(what, held.uid)}; nothing was changed`
      : `${what} (uid ${held.uid}) is held by another state now (owner ${observed.record.owner}); nothing was changed. To hold it here again, set adopt: "${held.uid}"`;
    throw new KrStorageError("CONFLICT", why, { target: what });
  }
  if (observed.rollingBackTo !== undefined) observed = await finishRollback(storage, id, observed, view, signal);
  const problem = healthProblem(observed, what);
  if (problem) throw new KrStorageError("PRECONDITION_FAILED", `${problem}; nothing was changed`, { target: what });
  let object = observed;
  const backend = storage.backend(id.backend);
  const { uid, claim } = observed.record;
  if (change.sizeBytes !== undefined && change.sizeBytes !== observed.record.sizeBytes)
    object = await growObject(storage, id, object, change.sizeBytes, view, signal);
  const changed = changedFields(object, change, isHeld);
  if (changed) {
    const { revision } = object.record;
    const written = backend.write(signal, (driver, call) =>
      driver.update(poolRef(id, view), { uid, claim, revision }, changed, call),
    );
    object = await (object === observed ? written : written.catch(throwPartial(what, "its size has been raised")));
  }
  if (object !== observed) await storage.note(id, (current) => current.put(object));
  return object;
}

/** A rollback that was interrupted was decided then, and what the volume holds until it is finished is of no use. */
async function finishRollback(
  storage: Storage,
  id: ObjectId,
  { record: { uid, claim }, rollingBackTo = "" }: StoredObject,
  view: PoolView,
  signal?: AbortSignal,
): Promise<StoredObject> {
  const whole = await storage
    .backend(id.backend)
    .write(signal, (driver, call) => driver.rollback(poolRef(id, view), { uid, claim }, rollingBackTo, call));
  await storage.note(id, (current) => current.put(whole));
  return whole;
}

/** For a change of which something (`done`) has happened already when the rest fails. */
export function throwPartial(what: string, done: string): (error: unknown) => never {
  return (error) => {
    if (!KrStorageError.isInstance(error)) throw error;
    const { code, retryable, issues } = error;
    throw new KrStorageError(code, `${error.message}; before that, ${done}`, {
      retryable,
      issues,
      outcome: "partial",
      target: what,
      cause: error,
    });
  };
}

function absence(observed: StoredObject | undefined): string {
  if (observed === undefined) return "is not in its pool any more";
  return observed.phase === "live"
    ? `has lost its data${observed.problem === undefined ? "" : `: ${observed.problem}`}`
    : "is in the trash";
}

/**
 * Makes room for a new object where a held one has lost its data: what is left of that one goes to the trash, protected
 * or not, since the user's permission names it. Nothing happens where nothing is left.
 */
export async function discardMissing(
  storage: Storage,
  id: ObjectId,
  held: HeldObject,
  signal?: AbortSignal,
): Promise<void> {
  const view = await storage.view(id, { maxAgeMs: 0, identity: held.poolIdentity, signal });
  const left = view.byUid(held.uid);
  if (left?.phase !== "live") return;
  if (left.health !== "missing")
    throw new KrStorageError(
      "PRECONDITION_FAILED",
      `${formatObjectId(id)} (uid ${held.uid}) is there again (${left.health}); run "pulumi refresh"`,
      { target: formatObjectId(id) },
    );
  const match = { uid: held.uid, claim: held.claim };
  if (left.record.protection)
    await storage
      .backend(id.backend)
      .write(signal, (driver, call) => driver.update(poolRef(id, view), match, { protection: false }, call));
  await removeObject(storage, id, held, signal);
}

/** The fields in which an object differs from what is wanted, or undefined. */
function changedFields(object: StoredObject, change: ObjectChange, isHeld: boolean): RecordChange | undefined {
  const { record } = object;
  const changed: RecordChange = isHeld ? {} : { claim: newClaim() };
  if (change.owner !== undefined && change.owner !== record.owner) changed.owner = change.owner;
  if (change.stackId !== undefined && change.stackId !== record.stackId) changed.stackId = change.stackId;
  if (change.requested !== undefined && canonicalJson(change.requested) !== canonicalJson(record.requested))
    changed.requested = change.requested;
  if (change.labels !== undefined && canonicalJson(change.labels) !== canonicalJson(record.labels))
    changed.labels = change.labels;
  if (change.protection !== undefined && change.protection !== record.protection)
    changed.protection = change.protection;
  if (change.settings !== undefined && canonicalJson(change.settings) !== canonicalJson(record.settings ?? {}))
    changed.settings = change.settings;
  const policies = withOwnPolicy(record.uid, change.settings ?? record.settings ?? {}, record.policies ?? []);
  if (canonicalJson(policies) !== canonicalJson(record.policies ?? [])) changed.policies = policies;
  return Object.keys(changed).length === 0 ? undefined : changed;
}

/** Raises the size of what was observed, in place. */
export function growObject(
  storage: Storage,
  id: ObjectId,
  object: StoredObject,
  sizeBytes: number,
  view: PoolView,
  signal?: AbortSignal,
): Promise<StoredObject> {
  const { uid, claim } = object.record;
  return storage
    .backend(id.backend)
    .write(signal, (driver, call) => driver.grow(poolRef(id, view), { uid, claim }, sizeBytes, call));
}
