import type { PolicyChange, StoredObject } from "../drivers/driver";
import { newClaim, newUid, type PolicyRecord } from "../drivers/record";
import { hasCode, KrStorageError } from "../model/errors";
import { canonicalJson } from "../model/kind";
import { formatObjectId, formatPoolId, type ObjectId, type PoolId } from "../model/names";
import { attachExactly } from "./attachments";
import { healthProblem, matchOf, type Wanted } from "./claims";
import { findLive } from "./find";
import { maxLookAgeMs } from "./looks";
import type { PoolView } from "./poolView";
import { poolRef, type Storage } from "./storage";

/** What a state knows of a policy. */
export interface HeldPolicy {
  uid: string;
  claim: string;
}

/** A policy as someone wants it to be. */
export interface WantedPolicy extends Wanted {
  name: string;
  /** The volumes and shares that it acts on. */
  targets: ObjectId[];
  /** How many snapshots a lowered retention may remove in one run, as shown in a preview. */
  approvedDeletes?: number | undefined;
}

/** A policy as it stands on its backends now. */
export interface AppliedPolicy extends HeldPolicy {
  generation: number;
}

/** A pool that has a part in a policy: targets now, or a record from before. */
interface Part {
  id: PoolId;
  view: PoolView;
  record: PolicyRecord | undefined;
  /** Another record of what is the same policy: of two runs that made it at the same time each got there first in another pool. */
  double?: PolicyRecord | undefined;
  targets: StoredObject[];
}

/** How often it is looked anew where others of the same owner make, take over or end the same policy at the same time. */
const mostLooks = 5;

/**
 * Brings a policy, its records in all pools of its targets and their attachments, to what is wanted. `held` is what the
 * state knows; without it a new policy is made, or the one that an interrupted run left under this owner is finished.
 * `former` are the pools it may have had targets in. Can be repeated after any interruption: a target acts only when its
 * own record and the policy's agree. Throws NOT_FOUND for an absent target, CONFLICT if another state holds the policy.
 */
export async function applyPolicy(
  storage: Storage,
  held: HeldPolicy | undefined,
  wanted: WantedPolicy,
  former: PoolId[],
  signal?: AbortSignal,
): Promise<AppliedPolicy> {
  for (let looks = 1; ; looks += 1) {
    // A look from before does not show what another run of the same owner has just made; the backend refuses a second one then
    const parts = await partsOf(storage, held, wanted, former, looks === 1 ? maxLookAgeMs : 0, signal);
    try {
      return await applyTo(storage, parts, held, wanted, signal);
    } catch (error) {
      if (held || looks === mostLooks || !hasCode(error, "ALREADY_EXISTS", "CONFLICT", "NOT_FOUND")) throw error;
    }
  }
}

async function applyTo(
  storage: Storage,
  parts: Part[],
  held: HeldPolicy | undefined,
  wanted: WantedPolicy,
  signal?: AbortSignal,
): Promise<AppliedPolicy> {
  const records = parts.flatMap(({ record }) => record ?? []);
  const newest = newestOf(records);
  const uid = held?.uid ?? newest?.uid ?? newUid();
  // Every take-over writes a new claim first, so that whoever held the policy before notices
  const isTakenOver = held === undefined || (newest !== undefined && newest.claim !== held.claim);
  const claim = isTakenOver ? newClaim() : held.claim;
  const isSame = newest !== undefined && !isTakenOver && parts.every((part) => saysTheSame(part, newest, wanted));
  const generation = isSame ? newest.generation : (newest?.generation ?? 0) + 1;
  await Promise.all(parts.map((part) => endDouble(storage, part, signal)));
  await Promise.all(parts.map((part) => applyRecord(storage, part, { uid, claim, generation }, wanted, signal)));
  await Promise.all(parts.map(({ id, targets }) => attachExactly(storage, id, { uid, generation }, targets, signal)));
  await Promise.all(parts.map((part) => dropEmpty(storage, part, { uid, claim }, signal)));
  return { uid, claim, generation };
}

/** The record that holds, of several of one policy. */
export function newestOf(records: PolicyRecord[]): PolicyRecord | undefined {
  return records.reduce<PolicyRecord | undefined>(
    (newest, record) => (newest && newest.generation >= record.generation ? newest : record),
    undefined,
  );
}

/** Whether a policy acts on an object: both records say so. */
export function isAttached(record: PolicyRecord, object: StoredObject): boolean {
  return (
    record.targets.some(({ uid }) => uid === object.record.uid) &&
    (object.record.policies ?? []).some(({ uid, generation }) => uid === record.uid && generation === record.generation)
  );
}

/** Whether another state may take a policy over; the sentence says why not. */
export function policyRefusal(record: PolicyRecord, wanted: Wanted): string | undefined {
  if (wanted.adopt === record.uid) return undefined;
  if (record.owner === wanted.owner && record.stackId === wanted.stackId) return undefined;
  return (
    `policy "${record.name}" exists already and belongs to ${record.owner} since ${record.createdAt} (uid ${record.uid}), ` +
    `but this state does not know it; to take it over, set adopt: "${record.uid}"`
  );
}

/**
 * Ends a policy: its targets are detached, its records removed, and every snapshot stays. Ending what is gone succeeds.
 * `superseded`: another state has taken it over, so it is not this one's to end.
 */
export async function removePolicy(
  storage: Storage,
  held: HeldPolicy,
  pools: PoolId[],
  signal?: AbortSignal,
): Promise<"removed" | "gone" | "superseded"> {
  const parts = (await viewsOf(storage, pools, 0, signal)).map(
    ({ id, view }): Part => ({
      id,
      view,
      record: view.policy(held.uid),
      targets: [],
    }),
  );
  const records = parts.flatMap(({ record }) => record ?? []);
  if (records.length === 0) return "gone";
  if (records.some((record) => record.claim !== held.claim)) return "superseded";
  await Promise.all(parts.map(({ id }) => attachExactly(storage, id, { uid: held.uid, generation: 0 }, [], signal)));
  await Promise.all(parts.map((part) => dropEmpty(storage, part, held, signal)));
  return "removed";
}

/** One look at each of the pools, however often it is named. */
export async function viewsOf(
  storage: Storage,
  pools: PoolId[],
  maxAgeMs: number,
  signal?: AbortSignal,
): Promise<{ id: PoolId; view: PoolView }[]> {
  const distinct = new Map(pools.map((pool) => storage.canonical(pool)).map((pool) => [formatPoolId(pool), pool]));
  return Promise.all(
    [...distinct.values()].map(async ({ backend, pool }) => {
      const id = { backend, pool };
      return { id, view: await storage.view(id, { maxAgeMs, signal }) };
    }),
  );
}

async function partsOf(
  storage: Storage,
  held: HeldPolicy | undefined,
  wanted: WantedPolicy,
  former: PoolId[],
  maxAgeMs: number,
  signal?: AbortSignal,
): Promise<Part[]> {
  const views = await viewsOf(storage, [...wanted.targets, ...former], maxAgeMs, signal);
  const targets = await Promise.all(wanted.targets.map((target) => targetOf(storage, target, signal)));
  const known = views.flatMap(({ view }) => view.policies());
  const found = held
    ? known.filter(({ uid }) => uid === held.uid)
    : known.filter(({ uid, owner }) => uid === wanted.adopt || owner === wanted.owner);
  refuseStrangers(held, found, wanted);
  const uid = held?.uid ?? wholeOf(found)?.uid;
  const isDouble = (record: PolicyRecord) =>
    record.uid !== uid && record.name === wanted.name && record.owner === wanted.owner;
  return views.map(({ id, view }) => ({
    id,
    view,
    record: uid === undefined ? undefined : view.policy(uid),
    double: held || wanted.adopt !== undefined ? undefined : view.policies().find(isDouble),
    targets: targets.flatMap(({ id: where, object }) => (formatPoolId(where) === formatPoolId(id) ? [object] : [])),
  }));
}

/** The one that goes on, of what this owner has: all who look at the same time choose the same. */
function wholeOf(records: PolicyRecord[]): PolicyRecord | undefined {
  return newestOf([...records].sort((a, b) => (a.uid < b.uid ? -1 : 1)));
}

/** Its snapshots stay. */
async function endDouble(storage: Storage, { id, view, double }: Part, signal?: AbortSignal): Promise<void> {
  if (!double) return;
  await attachExactly(storage, id, { uid: double.uid, generation: 0 }, [], signal);
  await storage
    .backend(id.backend)
    .write(signal, (driver, call) => driver.removePolicy(poolRef(id, view), matchOf(double), call));
  await storage.note(id, (current) => current.removePolicy(double.uid));
}

function refuseStrangers(held: HeldPolicy | undefined, found: PolicyRecord[], wanted: WantedPolicy): void {
  for (const record of found) {
    if (held) {
      if (record.claim === held.claim || wanted.adopt === record.uid) continue;
      throw new KrStorageError(
        "CONFLICT",
        `policy "${record.name}" (uid ${record.uid}) is held by another state now (owner ${record.owner}); nothing was changed. To hold it here again, set adopt: "${record.uid}"`,
        { target: record.name },
      );
    }
    const refused = policyRefusal(record, wanted);
    if (refused) throw new KrStorageError("ALREADY_EXISTS", refused, { target: record.name });
  }
}

async function targetOf(storage: Storage, target: ObjectId, signal?: AbortSignal) {
  const id = storage.canonical(target);
  const known = (await storage.view(id, { maxAgeMs: maxLookAgeMs, signal })).byName(id.name);
  const object = known?.phase === "live" ? known : await findLive(storage, id, signal);
  const what = formatObjectId(id);
  const problem = healthProblem(object, what);
  if (problem)
    throw new KrStorageError("PRECONDITION_FAILED", `${problem}; no policy can be attached to it`, { target: what });
  return { id, object };
}

function saysTheSame({ record, targets }: Part, newest: PolicyRecord, wanted: WantedPolicy): boolean {
  if (!record) return targets.length === 0;
  return (
    record.generation === newest.generation &&
    record.name === wanted.name &&
    record.owner === wanted.owner &&
    record.stackId === wanted.stackId &&
    canonicalJson(record.requested) === canonicalJson(wanted.requested) &&
    canonicalJson(record.labels) === canonicalJson(wanted.labels) &&
    canonicalJson(record.targets) === canonicalJson(targetsOf(targets))
  );
}

function targetsOf(targets: StoredObject[]): PolicyRecord["targets"] {
  return targets.map(({ record }) => ({ name: record.name, uid: record.uid })).sort((a, b) => (a.uid < b.uid ? -1 : 1));
}

async function applyRecord(
  storage: Storage,
  part: Part,
  applied: AppliedPolicy,
  wanted: WantedPolicy,
  signal?: AbortSignal,
): Promise<void> {
  const { id, view, record } = part;
  if (!record && part.targets.length === 0) return;
  const { name, owner, stackId, requested, labels, approvedDeletes } = wanted;
  const says = {
    name,
    owner,
    requested,
    labels,
    claim: applied.claim,
    generation: applied.generation,
    targets: targetsOf(part.targets),
    ...(stackId === undefined ? {} : { stackId }),
  };
  const isCurrent =
    record &&
    record.claim === applied.claim &&
    record.generation === applied.generation &&
    saysTheSame(part, record, wanted);
  if (isCurrent) return;
  const backend = storage.backend(id.backend);
  const written = record
    ? await backend.write(signal, (driver, call) =>
        driver.updatePolicy(poolRef(id, view), matchOf(record), changeOf(says, approvedDeletes), call),
      )
    : await backend.write(signal, (driver, call) =>
        driver.createPolicy(poolRef(id, view), { ...says, uid: applied.uid }, call),
      );
  part.record = written;
  await storage.note(id, (current) => current.putPolicy(written));
}

function changeOf(says: PolicyChange, approvedDeletes: number | undefined): PolicyChange {
  return approvedDeletes === undefined ? says : { ...says, approvedDeletes };
}

/** Removes the policy's record from a pool that has no targets of it any more. */
async function dropEmpty(storage: Storage, part: Part, held: HeldPolicy, signal?: AbortSignal): Promise<void> {
  const { id, view, record, targets } = part;
  if (!record || targets.length > 0) return;
  await storage
    .backend(id.backend)
    .write(signal, (driver, call) =>
      driver.removePolicy(poolRef(id, view), { uid: held.uid, claim: held.claim }, call),
    );
  await storage.note(id, (current) => current.removePolicy(held.uid));
}
