import type { NewObject, Progress, RecordChange, StoredObject } from "../drivers/driver";
import { newClaim, newUid, type ObjectSettings } from "../drivers/record";
import { hasCode, KrStorageError } from "../model/errors";
import type { Image } from "../model/image";
import { formatObjectId, formatPoolId, type ObjectId } from "../model/names";
import { exactBytes, formatBytes } from "../model/quantity";
import { withOwnPolicy } from "./attachments";
import { growObject, throwPartial } from "./change";
import { decideTakeOver, healthProblem, matchOf, type Wanted } from "./claims";
import { pause } from "./deadline";
import type { PoolView } from "./poolView";
import { poolRef, type Storage } from "./storage";

/** A volume or snapshot as someone wants it to be. */
export interface WantedObject extends Wanted {
  kind: NewObject["kind"];
  /** Undefined: false for new objects, true for adopted ones. */
  protection?: boolean | undefined;
  /** Of a volume, in bytes. */
  sizeBytes?: number | undefined;
  /** The uid of what it is taken of or made from. */
  sourceUid?: string | undefined;
  /** A file on the backend's host that a volume starts with. */
  image?: Image | undefined;
  /** What it is given, of its own and by its class. */
  settings?: ObjectSettings | undefined;
  /** Told how far a long copy is. */
  progress?: ((progress: Progress) => void) | undefined;
}

/** How an object came to be held: made, or an existing one taken over. */
export interface Ensured {
  object: StoredObject;
  how: "created" | "resumed" | "adopted";
}

/** How often, and how long apart, an object that another process is just making is looked at again. */
const waitForOther = { attempts: 20, firstPauseMs: 10, longestPauseMs: 500 };

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
      await pause(Math.min(waitForOther.firstPauseMs * 2 ** attempt, waitForOther.longestPauseMs), signal);
    }
  }
}

async function createObject(
  storage: Storage,
  id: ObjectId,
  wanted: WantedObject,
  signal?: AbortSignal,
): Promise<StoredObject> {
  const { kind, owner, requested, labels, stackId, sizeBytes, sourceUid, image, settings, progress } = wanted;
  const uid = newUid();
  const object: NewObject = {
    kind,
    name: id.name,
    uid,
    claim: newClaim(),
    owner,
    requested,
    labels,
    protection: wanted.protection ?? false,
    ...(stackId === undefined ? {} : { stackId }),
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    ...(sourceUid === undefined ? {} : { sourceUid }),
    ...(image === undefined ? {} : { image }),
    ...(settings === undefined ? {} : { settings, policies: withOwnPolicy(uid, settings, []) }),
  };
  const made = await storage
    .backend(id.backend)
    .write(signal, (driver, call) => driver.create(poolRef(id), object, progress ? { ...call, progress } : call));
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
    settings: wanted.settings ?? {},
    // What is adopted comes without the policies it had: whoever declared those attaches them again
    policies: withOwnPolicy(
      existing.record.uid,
      wanted.settings ?? {},
      decision.how === "adopted" ? [] : (existing.record.policies ?? []),
    ),
    protection: wanted.protection ?? (decision.how === "adopted" ? true : existing.record.protection),
    ...(wanted.stackId === undefined ? {} : { stackId: wanted.stackId }),
  };
  let object = await storage
    .backend(id.backend)
    .write(signal, (driver, call) => driver.update(poolRef(id, view), matchOf(existing.record), change, call));
  if (wanted.sizeBytes !== undefined && wanted.sizeBytes > object.record.sizeBytes)
    object = await growObject(storage, id, object, wanted.sizeBytes, view, signal).catch(
      throwPartial(what, "it has been taken over"),
    );
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
