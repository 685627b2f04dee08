import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ObjectInfo } from "../../provider/storage";
import { describeWith } from "../support/requires";
import type { Outcome } from "./support/actor";
import { Actor, valuesOf } from "./support/actors";
import type { PoolState } from "./support/observe";
import type { Step } from "./support/steps";

const rounds = 1000;
/** So many rounds begin at the same moment, in both processes. */
const roundsAtOnce = 20;
/** A pool is used for so many rounds, so that lists stay short. */
const roundsPerPool = 200;
const programs = ["ana", "bob"] as const;

describeWith({ needs: ["linux"] }, "two processes at once", () => {
  test("AC-34 create the same and different names 1,000 times: one of each, and each its owner's", async () => {
    const path = realpathSync(mkdtempSync(join(tmpdir(), "krs-race-")));
    const actors = [await Actor.start(), await Actor.start()];
    try {
      for (let first = 0; first < rounds; first += roundsPerPool) await racePool(actors, path, `p${first}`);
      rmSync(path, { recursive: true });
    } finally {
      for (const actor of actors) await actor.end();
    }
  }, 300_000);
});

async function racePool(actors: Actor[], path: string, pool: string): Promise<void> {
  await raceForPool(actors, path, pool);
  const uids = new Map<string, string>();
  for (let first = 0; first < roundsPerPool; first += roundsAtOnce) {
    const numbers = Array.from({ length: roundsAtOnce }, (_, at) => first + at);
    // Every other time they are two runs of one program, which take over what the other has made
    const isShared = (first / roundsAtOnce) % 2 === 1;
    const told = await raceForNames(actors, path, pool, numbers, isShared);
    for (const [name, uid] of told) {
      expect(`${name} ${uids.get(name) ?? uid}`).toBe(`${name} ${uid}`);
      uids.set(name, uid);
    }
    const successes = told.filter(([name]) => name.startsWith("same-"));
    if (isShared) expect(successes.length).toBeGreaterThanOrEqual(roundsAtOnce);
    else expect(successes).toHaveLength(roundsAtOnce);
  }
  const look = { path, owner: "look", steps: [{ do: "observe" as const, pool }] };
  const [state] = valuesOf(await (actors[0] as Actor).do(look), 1) as [PoolState];
  expect(state.problems).toEqual([]);
  const live = state.objects.map(({ name, uid }) => `${name} ${uid}`);
  expect(live.sort()).toEqual([...uids].map(([name, uid]) => `${name} ${uid}`).sort());
  expect(live).toHaveLength(roundsPerPool * 3);
}

/** Both make the same pool; one of them has to succeed, and the other may find that it was taken over by the first. */
async function raceForPool(actors: Actor[], path: string, pool: string): Promise<void> {
  const job = { path, owner: "both", steps: [{ do: "createPool" as const, pool }] };
  const outcomes = (await Promise.all(actors.map((actor) => actor.do(job)))).flatMap((ended) => ended.outcomes);
  expect(outcomes).toHaveLength(2);
  expect(outcomes.some((outcome) => "value" in outcome)).toBe(true);
  for (const outcome of outcomes) if ("error" in outcome) expect(outcome.error.code).toBe("CONFLICT");
}

/** Both make volumes of the same names, and some of their own. Names and uids, as each was told. */
async function raceForNames(
  actors: Actor[],
  path: string,
  pool: string,
  numbers: number[],
  isShared: boolean,
): Promise<[string, string][]> {
  const ended = await Promise.all(
    actors.map((actor, at) => {
      const steps = numbers.flatMap((number): Step[] => [
        { do: "create", pool, name: `same-${number}`, size: "4KiB" },
        { do: "create", pool, name: `own-${number}-${programs[at]}`, size: "4KiB" },
      ]);
      return actor.do({ path, owner: isShared ? "both" : String(programs[at]), steps, keep: true, together: true });
    }),
  );
  return ended.flatMap(({ outcomes, killedBy }) => {
    expect(killedBy).toBeUndefined();
    return outcomes.filter(isMade).map(({ value }): [string, string] => [value.id.split("/")[2] as string, value.uid]);
  });
}

/** Whether a creation succeeded. Throws for a failure that is not about somebody else's having been quicker. */
function isMade(outcome: Outcome): outcome is { value: ObjectInfo } {
  if ("value" in outcome) return true;
  if (!["ALREADY_EXISTS", "CONFLICT"].includes(outcome.error.code)) throw new Error(outcome.error.message);
  return false;
}
