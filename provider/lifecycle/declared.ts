import type { StoredObject } from "../drivers/driver";
import { type ObjectRecord, objectRecord } from "../drivers/record";
import { KrStorageError } from "../model/errors";
import type { KindName } from "../model/kinds";
import { formatObjectId, formatPoolId, type PoolId } from "../model/names";
import { poolOf } from "../storage/arguments";
import { poolsOf } from "../storage/poolUse";
import type { PoolView } from "../storage/poolView";
import type { Storage } from "../storage/storage";
import { lifecycles } from "./index";
import type { Context, Properties } from "./lifecycle";
import { Plan } from "./plan";

/** Something that exists, as a resource would declare it so that nothing differs. */
export interface Declared {
  kind: KindName;
  /** What an import takes. */
  id: string;
  uid: string;
  owner: string;
  inputs: Properties;
}
/** Something that exists and that no resource can or should declare. */
export interface LeftOut {
  id: string;
  /** As a sentence. */
  reason: string;
}
export interface Found {
  declared: Declared[];
  leftOut: LeftOut[];
}

/**
 * Everything that a backend holds, whoever made it, with the inputs that an import reads of it. Pools come first, then what
 * is in them, then snapshots and policies. Changes nothing. Throws UNAVAILABLE where a pool cannot be listed: an answer that
 * leaves out a whole pool would be taken for all there is.
 */
export async function declaredIn(
  backend: string,
  { storage, signal }: { storage: Storage; signal: AbortSignal },
): Promise<Found> {
  const context = { storage, signal, plan: new Plan(), log: storage.log };
  const found: Found = { declared: [], leftOut: [] };
  const pools = await poolsOf(context.storage, backend);
  const views: { id: PoolId; view: PoolView }[] = [];
  for (const { id, retiredAt } of pools) {
    if (retiredAt === undefined) await add(found, "pool", id, context);
    else found.leftOut.push({ id, reason: "the pool was deleted, and goes when its trash has ended" });
    const where = poolOf(id);
    views.push({ id: where, view: await context.storage.view(where, { maxAgeMs: 0, signal: context.signal }) });
  }
  // Snapshots come last there, after what they are taken of
  for (const kind of objectRecord.shape.kind.options)
    for (const { id, view } of views) await addObjects(found, kind, id, view, context);
  await addPolicies(found, views, context);
  for (const { id, view } of views)
    for (const { uid, name, problem } of view.damaged)
      found.leftOut.push({ id: `${formatPoolId(id)}/${name ?? `uid ${uid}`}`, reason: problem });
  return found;
}

async function addObjects(
  found: Found,
  kind: ObjectRecord["kind"],
  pool: PoolId,
  view: PoolView,
  context: Context,
): Promise<void> {
  const objects = view.all().filter(({ record }) => record.kind === kind);
  objects.sort((a, b) => (a.record.name < b.record.name ? -1 : 1));
  for (const object of objects) {
    const id = formatObjectId({ ...pool, name: object.record.name });
    const reason = reasonToLeaveOut(object);
    if (reason === undefined) await add(found, kind, id, context);
    else found.leftOut.push({ id, reason });
  }
}

function reasonToLeaveOut({ phase, health, problem, record }: StoredObject): string | undefined {
  if (phase === "trashed" || phase === "purging") return "it is in the trash";
  if (phase === "creating") return "it is being made, or its making was interrupted";
  if (health !== "ready") return `it is ${health}${problem === undefined ? "" : `: ${problem}`}`;
  return record.taken === undefined ? undefined : "a policy took it, and removes it by its retention";
}

/** Policies by name; one whose name another has too by its uid. */
async function addPolicies(found: Found, views: { view: PoolView }[], context: Context): Promise<void> {
  const names = new Map<string, Set<string>>();
  for (const { view } of views)
    for (const { name, uid } of view.policies()) names.set(name, (names.get(name) ?? new Set()).add(uid));
  for (const [name, uids] of [...names].sort(([a], [b]) => (a < b ? -1 : 1)))
    for (const uid of uids) await add(found, "snapshotPolicy", `policy/${uids.size > 1 ? uid : name}`, context);
}

/** What cannot be read alone is left out with its reason; a pool that cannot be read ends it all. */
async function add(found: Found, kind: KindName, id: string, context: Context): Promise<void> {
  try {
    const read = await lifecycles[kind].read({ id, oldState: {} }, context);
    if (!read) found.leftOut.push({ id, reason: "it has gone meanwhile" });
    else
      found.declared.push({
        kind,
        id,
        uid: String(read.state.uid),
        owner: String(read.state.owner),
        inputs: read.inputs,
      });
  } catch (error) {
    if (!KrStorageError.isInstance(error) || kind === "pool" || context.signal?.aborted) throw error;
    found.leftOut.push({ id, reason: error.message });
  }
}
