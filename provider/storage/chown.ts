import { KrStorageError } from "../model/errors";
import { formatObjectId, formatPoolId, type PoolId, quote } from "../model/names";
import { matchOf } from "./claims";
import { changePool } from "./pools";
import { poolsOf } from "./poolUse";
import type { PoolView } from "./poolView";
import { poolRef, type Storage } from "./storage";

/** One object or pool whose owner is to change. */
export interface OwnerChange {
  id: string;
  uid: string;
  kind: string;
  from: string;
  to: string;
  /** Why it stays as it is, where it does. */
  kept?: string;
}

/**
 * What belongs to `from`, or to anything below it ("proj/dev" owns "proj/dev/Volume/data" and not "proj/dev2/…"), with the owner
 * it would have. Looks at every pool of every backend, or at `only`; nothing is changed. Throws INVALID_ARGUMENT for an owner
 * that is empty or ends in "/".
 */
export async function planChown(storage: Storage, from: string, to: string, only?: PoolId): Promise<OwnerChange[]> {
  for (const owner of [from, to]) requireOwner(owner);
  const plan: OwnerChange[] = [];
  for (const pool of await poolsToLookAt(storage, only)) {
    const view = await storage.view(pool, { maxAgeMs: 0 });
    const { record } = view.pool;
    const owner = renamed(record.owner, from, to);
    if (owner !== undefined)
      plan.push({ id: formatPoolId(pool), uid: record.uid, kind: "pool", from: record.owner, to: owner });
    plan.push(...ownedIn(view, pool, from, to));
  }
  return plan;
}

function ownedIn(view: PoolView, pool: PoolId, from: string, to: string): OwnerChange[] {
  return view
    .all()
    .flatMap(({ record, phase }): OwnerChange[] => {
      const owner = renamed(record.owner, from, to);
      if (owner === undefined) return [];
      const id = formatObjectId({ ...pool, name: record.name });
      const change = { id, uid: record.uid, kind: record.kind, from: record.owner, to: owner };
      return [phase === "live" ? change : { ...change, kept: keptBecause[phase] }];
    })
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Records are only changed of what is whole and in use. */
const keptBecause = {
  trashed: "it is in the trash; undelete it first",
  creating: "it is just being made",
  purging: "it is just being purged",
};

/**
 * Changes one owner of a plan, if the object is still the one that was planned with. The claim stays: the state that holds the
 * object goes on holding it. Throws CONFLICT if the owner has changed since, NOT_FOUND if the object is gone.
 */
export async function applyChown(storage: Storage, pool: PoolId, change: OwnerChange): Promise<void> {
  const view = await storage.view(pool, { maxAgeMs: 0 });
  if (change.kind === "pool") {
    const { record } = view.pool;
    requireUnchanged(change, record.uid === change.uid ? record.owner : undefined);
    await changePool(storage, pool, record, { owner: change.to });
    return;
  }
  const object = view.byUid(change.uid);
  requireUnchanged(change, object?.phase === "live" ? object.record.owner : undefined);
  if (!object) return;
  const changed = await storage
    .backend(pool.backend)
    .write(undefined, (driver, call) =>
      driver.update(poolRef(pool, view), matchOf(object.record), { owner: change.to }, call),
    );
  await storage.note(pool, (current) => current.put(changed));
}

async function poolsToLookAt(storage: Storage, only: PoolId | undefined): Promise<PoolId[]> {
  if (only) return [only];
  const perBackend = await Promise.all(storage.backendNames().map((name) => poolsOf(storage, name)));
  return perBackend.flat().map(({ id }) => {
    const [backend = "", pool = ""] = id.split("/");
    return { backend, pool };
  });
}

function renamed(owner: string, from: string, to: string): string | undefined {
  if (owner === from) return to;
  return owner.startsWith(`${from}/`) ? `${to}${owner.slice(from.length)}` : undefined;
}

function requireOwner(owner: string): void {
  const isOwner = owner !== "" && !owner.startsWith("/") && !owner.endsWith("/") && !/\p{C}/u.test(owner);
  if (isOwner) return;
  throw new KrStorageError(
    "INVALID_ARGUMENT",
    `"${quote(owner, 80)}" is not an owner; write the beginning of one up to a "/", such as "<project>/<stack>"`,
  );
}

function requireUnchanged(change: OwnerChange, owner: string | undefined): void {
  if (owner === change.from) return;
  const what = `${change.id} (uid ${change.uid})`;
  if (owner === undefined)
    throw new KrStorageError("NOT_FOUND", `${what} is not there any more`, { target: change.id });
  throw new KrStorageError("CONFLICT", `${what} belongs to ${owner} by now, not to ${change.from}; plan anew`, {
    target: change.id,
  });
}
