import { KrStorageError, messageOf } from "../../provider/model/errors";
import type { BackendPort } from "./backendPort";
import { lookAtPool } from "./look";
import type { RunOptions } from "./options";
import { isComplete } from "./ownSnapshots";
import { type Taken, takeSnapshot } from "./take";
import { PoolKnowledge, type Work } from "./work";

/** Takes what is due, the targets of one policy as close together as can be. Returns what is known of the pool then. */
export async function takeDue(
  port: BackendPort,
  known: PoolKnowledge,
  works: readonly Work[],
  options: RunOptions,
): Promise<PoolKnowledge> {
  const byPolicy = new Map<string, Work[]>();
  for (const work of works) {
    if (work.take.action !== "planned") continue;
    const { uid } = work.acting.policy;
    byPolicy.set(uid, [...(byPolicy.get(uid) ?? []), work]);
  }
  const uncertain = await Promise.all([...byPolicy.values()].map((due) => takeOfPolicy(port, known, due, options)));
  return resolve(port, known, uncertain.flat(), options);
}

/** Takes one slot of one policy. Returns the targets of which it is not known whether they have it now. */
async function takeOfPolicy(
  port: BackendPort,
  known: PoolKnowledge,
  works: readonly Work[],
  options: RunOptions,
): Promise<Work[]> {
  const takeAll = () =>
    Promise.all(
      works.map((work) => takeSnapshot(port, known.look, { acting: work.acting, slot: slotOf(work) }, options)),
    );
  try {
    const taken = await held(port, known, works, takeAll, options);
    return works.filter((work, n) => settle(work, taken[n] as Taken, known));
  } catch (error) {
    for (const work of works) work.take = failed(work, error);
    return [];
  }
}

/** Takes with applications held still where the policy has hooks for that. */
async function held(
  port: BackendPort,
  known: PoolKnowledge,
  works: readonly Work[],
  takeAll: () => Promise<Taken[]>,
  options: RunOptions,
): Promise<Taken[]> {
  const { policy } = (works[0] as Work).acting;
  if (policy.hooks.length === 0) return takeAll();
  if (!options.hooks)
    throw new KrStorageError("PRECONDITION_FAILED", "the policy has hooks, and no hooks are configured here");
  const targets = works.map(({ acting }) => acting.id);
  const { result, isApp, problem } = await options.hooks.around(policy.hooks, policy, targets, takeAll);
  if (isApp) return Promise.all(result.map((taken) => markApp(port, known, taken, options)));
  return result.map((taken) =>
    taken.object ? { ...taken, take: { ...taken.take, reason: problem ?? "applications were not held still" } } : taken,
  );
}

/** Writes on a snapshot that applications were held still for it. Until that is there it is worth no more than after a power cut. */
async function markApp(port: BackendPort, known: PoolKnowledge, taken: Taken, options: RunOptions): Promise<Taken> {
  const { object: snapshot } = taken;
  if (!snapshot) return taken;
  const { identity } = known.look.listing.pool.record;
  try {
    const object = await port.write(options.signal, (driver, call) =>
      driver.update({ name: known.look.pool, identity }, snapshot, { consistency: "app" }, call),
    );
    return { ...taken, object };
  } catch (error) {
    const reason = `taken, but it could not be recorded that applications were held still: ${messageOf(error)}`;
    return { ...taken, take: { ...taken.take, reason } };
  }
}

/** Puts the result into the work; true if it is uncertain. */
function settle(work: Work, { take, object, isUncertain }: Taken, known: PoolKnowledge): boolean {
  const { reason } = work.take;
  work.take = reason === undefined || take.reason !== undefined ? take : { ...take, reason };
  if (object) known.index.add(object);
  return isUncertain === true;
}

/** Looks again, once, where a name was taken meanwhile or a reply was lost: what is there now tells. */
async function resolve(
  port: BackendPort,
  known: PoolKnowledge,
  uncertain: readonly Work[],
  options: RunOptions,
): Promise<PoolKnowledge> {
  if (uncertain.length === 0 || options.signal?.aborted) return known;
  const look = await lookAtPool(port, known.look.pool, options.clock, options.signal);
  if (!("listing" in look)) return known;
  const fresh = new PoolKnowledge(look);
  for (const work of uncertain) {
    const slot = slotOf(work);
    const found = fresh.ownOf(work.acting).find((snapshot) => snapshot.slot === slot && isComplete(snapshot));
    if (!found) continue;
    const isOurs = work.take.code !== "ALREADY_EXISTS";
    const reason = isOurs ? "its reply was lost; it is there" : "another agent took it meanwhile";
    work.take = { action: isOurs ? "taken" : "present", slot, reason };
  }
  return fresh;
}

function failed(work: Work, error: unknown): Work["take"] {
  const code = KrStorageError.isInstance(error) ? error.code : "INTERNAL";
  return { action: "failed", slot: slotOf(work), reason: messageOf(error), code };
}

function slotOf({ due }: Work): string {
  return "slot" in due ? due.slot : "";
}
