import { setTimeout as sleep } from "node:timers/promises";
import { hasCode, KrStorageError } from "../../model/errors";
import type { Call, Holder } from "../driver";
import { formatVersion } from "../record";
import type { Watcher } from "./cluster";
import { allEntries, type Entry, type ReadEntry } from "./entry";
import { leaseMs } from "./lease";
import type { OpenPool } from "./openPool";
import { rollbackTodo } from "./stored";
import type { Transaction } from "./table";

/** Who has the image open, as the cluster sees it. A client that died is seen for about half a minute longer. */
export async function holdersOf(pool: OpenPool, image: string | undefined): Promise<Holder[]> {
  return (await watchersOf(pool, image)).map((watcher) => ({ name: nameOfClient(watcher), writes: true }));
}

async function watchersOf(pool: OpenPool, image: string | undefined): Promise<Watcher[]> {
  if (image === undefined) return [];
  try {
    return await pool.site.cluster.watchers(pool.id, image);
  } catch (error) {
    if (hasCode(error, "NOT_FOUND")) return [];
    throw error;
  }
}

const nameOfClient = ({ client, address }: Watcher) => `client.${client} at ${address}`;
const namesOf = (watchers: Watcher[]) => watchers.map(nameOfClient).join(", ");

/** How long those who have an image open are given to answer. They do so in milliseconds; a busy machine takes longer. */
const answerMs = 3_000;
/** One that is too busy to answer may do so later. To ask keeps a thread of the worker waiting, so it is not done with each look. */
const askEveryMs = 10_000;
const lookEveryMs = 1_000;
/** As long as the cluster itself takes to forget a client that does not answer, and not only at its beginning and its end. */
const forgottenMs = 30_000;
const leastCalls = 3;

/**
 * Throws IN_USE naming who has the image open. Who answers lives, and is not waited for. Who does not may have died, and a dead
 * client is forgotten by the cluster after a while: for that long, and no longer than the backend says, it is waited for. One that died
 * just as it opened the image may stay listed for ever, without a connection to it that it could be asked by: it does not count after
 * that time.
 */
export async function requireNotOpen(
  pool: OpenPool,
  image: string | undefined,
  { what, verb, call: { signal } }: { what: string; verb: string; call: Call },
): Promise<void> {
  const { options, cluster, env } = pool.site;
  const startedAt = performance.now();
  let asked: { names: string; at: number } | undefined;
  /** Since when there was nobody whom the cluster could ask, and how often it has tried. */
  let unreached: { since: number; calls: number } | undefined;
  for (;;) {
    const watchers = await watchersOf(pool, image);
    if (image === undefined || watchers.length === 0) return;
    const [names, now] = [namesOf(watchers), performance.now()];
    if (signal.aborted)
      throw new KrStorageError("CANCELLED", `${what} was not ${verb}: cancelled while waiting for ${names}`, {
        target: what,
      });
    if (asked?.names !== names || now - asked.at >= askEveryMs) {
      const { answered, silent } = await cluster.rollCall(pool.id, image, answerMs);
      const living = watchers.filter(({ client }) => answered.includes(client));
      if (living.length > 0) throw inUse(what, verb, `it is open by ${namesOf(living)}`);
      // Also not somebody who has just come, and is not in the list yet
      const isUnreached = answered.length === 0 && silent.length === 0;
      if (!isUnreached || asked?.names !== names) unreached = undefined;
      if (isUnreached) unreached = { since: unreached?.since ?? now, calls: (unreached?.calls ?? 0) + 1 };
      if (unreached && unreached.calls >= leastCalls && now - unreached.since >= forgottenMs) return;
      if (!asked)
        env.log.info(
          `${what} is open by ${names}, without an answer: waiting up to ${options.deadClientSeconds} s for the cluster to forget clients that have died`,
        );
      asked = { names, at: now };
    }
    // The last look is one from after the time is up
    if (now - startedAt >= options.deadClientSeconds * 1000)
      throw inUse(
        what,
        verb,
        `it is open by ${names}, without an answer; if that client has died, the cluster forgets it in about half a minute: try again then`,
      );
    await sleep(lookEveryMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Throws IN_USE if someone has registered as using an object, or holds it, or just makes something from it, or rolls back to it. */
export function requireNotRegistered(transaction: Transaction, found: ReadEntry, what: string, verb: string): void {
  const { consumers, holds } = found.record;
  if (consumers.length > 0)
    throw inUse(
      what,
      verb,
      `it is in use by ${consumers.map((one) => `${one.id} (since ${one.since})`).join(", ")}; detach it there first`,
    );
  if (holds.length > 0)
    throw inUse(
      what,
      verb,
      `it is held by ${holds.map((one) => `${one.id} (${one.reason}, since ${one.since})`).join(", ")}`,
    );
  const readers = readersOf(transaction, found.uid);
  if (readers.length > 0)
    throw inUse(
      what,
      verb,
      `${readers.map(({ name }) => name).join(", ")} is just being made from it; try again when that has ended, or in ${leaseMs / 1000} seconds if its maker has died`,
    );
  const rolling = allEntries(transaction).find(
    ({ phase, rollingBackTo }) => rollingBackTo === found.uid && (phase === "live" || phase === "trashed"),
  );
  if (rolling)
    throw inUse(what, verb, `${rolling.name} is being rolled back to it, or that was interrupted: ${rollbackTodo}`);
}

function readersOf(transaction: Transaction, uid: string): Entry[] {
  return allEntries(transaction).filter((each) => each.phase === "creating" && each.sourceUid === uid);
}

/** The live snapshots that go into the trash with a volume. Throws IN_USE naming those that keep it. */
export function companionsOf(transaction: Transaction, volume: Entry, what: string): ReadEntry[] {
  const live = allEntries(transaction).filter(
    ({ kind, phase, sourceUid }) => kind === "snapshot" && phase === "live" && sourceUid === volume.uid,
  );
  const going = live.filter((each): each is ReadEntry => mayGoAlong(transaction, each));
  if (going.length === live.length) return going;
  const names = live
    .filter((each) => !going.includes(each as ReadEntry))
    .map(({ name }) => name)
    .sort();
  const shown = names.length > 5 ? `${names.slice(0, 5).join(", ")} and ${names.length - 5} more` : names.join(", ");
  throw inUse(what, "deleted", `it has live snapshots (${shown}); delete those first`);
}

function mayGoAlong(transaction: Transaction, { uid, record }: Entry): boolean {
  if (!record || record.formatVersion > formatVersion) return false;
  const isFree = record.consumers.length === 0 && record.holds.length === 0 && !record.protection;
  return record.taken !== undefined && isFree && readersOf(transaction, uid).length === 0;
}

function inUse(what: string, verb: string, why: string): KrStorageError {
  return new KrStorageError("IN_USE", `${what} cannot be ${verb}: ${why}`, { target: what });
}
