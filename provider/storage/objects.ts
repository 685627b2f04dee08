import type { NewObject, RecordChange, StoredObject } from "../drivers/driver";
import { newClaim, newUid } from "../drivers/record";
import { hasCode, KrStorageError } from "../model/errors";
import { canonicalJson } from "../model/kind";
import { formatObjectId, formatPoolId, type ObjectId } from "../model/names";
import { exactBytes, formatBytes } from "../model/quantity";
import { decideTakeOver, healthProblem, type Wanted } from "./claims";
import { maxLookAgeMs } from "./looks";
import type { PoolView } from "./poolView";
import { poolRef, type Storage } from "./storage";

/** What a state knows of an object. */
export interface HeldObject {
  uid: string;
  claim: string;
  poolIdentity: string;
}

/** A volume or snapshot as someone wants it to be. */
export interface WantedObject extends Wanted {
  kind: NewObject["kind"];
  /** Undefined: false for new objects, true for adopted ones. */
  protection?: boolean | undefined;
  /** Of a volume, in bytes. */
  sizeBytes?: number | undefined;
  /** The uid of what it is taken of or made from. */
  sourceUid?: string | undefined;
}

/** How an object came to be held: made, or an existing one taken over. */
export interface Ensured {
  object: StoredObject;
  how: "created" | "resumed" | "adopted";
}

/** How often, and how long apart, an object that another process is just making is looked at again. */
const waitForOther = { attempts: 20, pauseMs: 250 };

/**
 * Observe, ensure, sync: makes the object, or takes over the one that an interrupted run or a user's permission left
 * under its name. Throws ALREADY_EXISTS, saying whose it is and what to do, in every other case.
 */
export async function ensureObject(
  storage: Storage,
  id: ObjectId,
  wanted: WantedObject,
  signal?: AbortSignal,
): Promise<Ensured> {
  if (wanted.adopt !== undefined) {
    const view = await storage.view(id, { maxAgeMs: 0, signal });
    const existing = view.byName(id.name);
    if (existing?.record.uid === wanted.adopt) return takeOver(storage, id, existing, wanted, view, signal);
    // The permission names nothing that has this name, so it is inert and the ordinary rules hold
  }
  for (let attempt = 1; ; attempt += 1) {
    try {
      return { object: await createObject(storage, id, wanted, signal), how: "created" };
    } catch (error) {
      if (!hasCode(error, "ALREADY_EXISTS")) throw error;
      const view = await storage.view(id, { maxAgeMs: 0, signal });
      const existing = view.byName(id.name);
      if (existing?.phase === "live") return takeOver(storage, id, existing, wanted, view, signal);
      const damaged = view.damagedByName(id.name);
      if (damaged)
        throw new KrStorageError(
          "ALREADY_EXISTS",
          `${formatObjectId(id)} exists, but ${damaged.problem}; run fsck with repair on pool ${formatPoolId(id)}`,
          { target: formatObjectId(id) },
        );
      if (attempt >= waitForOther.attempts) {
        throw new KrStorageError(
          "UNAVAILABLE",
          `${formatObjectId(id)} is being made by another process since ${existing?.record.createdAt ?? "just now"}; try again when it has finished`,
          {
            target: formatObjectId(id),
            retryable: true,
          },
        );
      }
      await pause(waitForOther.pauseMs, signal);
    }
  }
}

async function createObject(
  storage: Storage,
  id: ObjectId,
  wanted: WantedObject,
  signal?: AbortSignal,
): Promise<StoredObject> {
  const { kind, owner, requested, labels, stackId, sizeBytes, sourceUid } = wanted;
  const object: NewObject = {
    kind,
    name: id.name,
    uid: newUid(),
    claim: newClaim(),
    owner,
    requested,
    labels,
    protection: wanted.protection ?? false,
    ...(stackId === undefined ? {} : { stackId }),
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    ...(sourceUid === undefined ? {} : { sourceUid }),
  };
  const made = await storage
    .backend(id.backend)
    .write(signal, (driver, call) => driver.create(poolRef(id), object, call));
  await storage.note(id, (view) => view.put(made));
  return made;
}

async function takeOver(
  storage: Storage,
  id: ObjectId,
  existing: StoredObject,
  wanted: WantedObject,
  view: PoolView,
  signal?: AbortSignal,
): Promise<Ensured> {
  const what = formatObjectId(id);
  const decision =
    existing.record.kind === wanted.kind
      ? decideTakeOver(existing.record, wanted, what, view.at)
      : { refused: `${what} exists already and is a ${existing.record.kind}` };
  if ("refused" in decision) throw new KrStorageError("ALREADY_EXISTS", decision.refused, { target: what });
  const problem =
    healthProblem(existing, what) ?? (decision.how === "adopted" ? sizeProblem(existing, wanted, what) : undefined);
  if (problem)
    throw new KrStorageError("PRECONDITION_FAILED", `${problem}; it cannot be taken over as it is`, { target: what });
  const change: RecordChange = {
    claim: newClaim(),
    owner: wanted.owner,
    requested: wanted.requested,
    labels: wanted.labels,
    protection: wanted.protection ?? (decision.how === "adopted" ? true : existing.record.protection),
    ...(wanted.stackId === undefined ? {} : { stackId: wanted.stackId }),
  };
  const { uid, claim, revision } = existing.record;
  let object = await storage
    .backend(id.backend)
    .write(signal, (driver, call) => driver.update(poolRef(id, view), { uid, claim, revision }, change, call));
  if (wanted.sizeBytes !== undefined && wanted.sizeBytes > object.record.sizeBytes)
    object = await growObject(storage, id, object, wanted.sizeBytes, view, signal);
  await storage.note(id, (current) => current.put(object));
  return { object, how: decision.how };
}

/** Adopting never changes what is there, so a declaration that asks for less is refused. */
export function sizeProblem(
  existing: StoredObject,
  wanted: { sizeBytes?: number | undefined },
  what: string,
): string | undefined {
  if (wanted.sizeBytes === undefined || wanted.sizeBytes >= existing.record.sizeBytes) return undefined;
  return `${what} is ${formatBytes(existing.record.sizeBytes)}, more than the ${formatBytes(wanted.sizeBytes)} that are declared, and volumes are never shrunk: declare size: "${exactBytes(existing.record.sizeBytes)}"`;
}

function growObject(
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

/** What an existing object should become. Absent fields stay as they are. */
export interface ObjectChange {
  owner?: string;
  stackId?: string | undefined;
  requested?: Record<string, unknown>;
  labels?: Record<string, string>;
  protection?: boolean;
  sizeBytes?: number | undefined;
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
  const observed = view.byUid(held.uid);
  if (observed?.phase !== "live" || observed.health === "missing")
    throw new KrStorageError("NOT_FOUND", `${what} (uid ${held.uid}) ${absence(observed)}`, { target: what });
  const isHeld = observed.record.claim === held.claim;
  if (!isHeld && change.adopt !== held.uid) {
    throw new KrStorageError(
      "CONFLICT",
      `${what} (uid ${held.uid}) is held by another state now (owner ${observed.record.owner}); nothing was changed. To hold it here again, set adopt: "${held.uid}"`,
      { target: what },
    );
  }
  const problem = healthProblem(observed, what);
  if (problem) throw new KrStorageError("PRECONDITION_FAILED", `${problem}; nothing was changed`, { target: what });
  let object = observed;
  const backend = storage.backend(id.backend);
  const { uid, claim } = observed.record;
  if (change.sizeBytes !== undefined && change.sizeBytes !== observed.record.sizeBytes)
    object = await growObject(storage, id, object, change.sizeBytes, view, signal);
  const changed = changedFields(object, change, isHeld);
  if (changed)
    object = await backend.write(signal, (driver, call) =>
      driver.update(poolRef(id, view), { uid, claim, revision: object.record.revision }, changed, call),
    );
  if (object !== observed) await storage.note(id, (current) => current.put(object));
  return object;
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
  return Object.keys(changed).length === 0 ? undefined : changed;
}

/**
 * Deletes a held object: into the trash of its pool. Deleting what is gone succeeds; what another state holds is left to
 * it. Throws PRECONDITION_FAILED for a protected object and IN_USE naming the holder.
 */
export async function removeObject(
  storage: Storage,
  id: ObjectId,
  held: HeldObject,
  signal?: AbortSignal,
): Promise<"trashed" | "gone" | "superseded"> {
  const view = await storage.view(id, { maxAgeMs: maxLookAgeMs, identity: held.poolIdentity, signal });
  const { settings } = view.pool.record;
  try {
    const trashed = await storage
      .backend(id.backend)
      .write(signal, (driver, call) =>
        driver.trash(poolRef(id, view), { uid: held.uid, claim: held.claim }, settings.trashRetentionMs, call),
      );
    if (!trashed) return "gone";
    await storage.note(id, (current) => current.put(trashed));
    return "trashed";
  } catch (error) {
    if (hasCode(error, "CONFLICT")) return "superseded";
    throw error;
  }
}

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new KrStorageError("CANCELLED", "cancelled while waiting for another process"));
    });
  });
}
