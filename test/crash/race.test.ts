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
/** A pool is used for so many rounds, so that lists stay short. */
const roundsPerPool = 200;
const owners = ["ana", "bob"] as const;

describeWith({ needs: ["linux"] }, "two processes at once", () => {
  test("AC-34 create the same and different names 1,000 times: one of each, and each its owner's", async () => {
    const path = realpathSync(mkdtempSync(join(tmpdir(), "krs-race-")));
    const actors = [await Actor.start(), await Actor.start()];
    try {
      const wanted = new Map<string, Map<string, string>>();
      for (let round = 0; round < rounds; round += 1) {
        const pool = `p${Math.floor(round / roundsPerPool)}`;
        if (round % roundsPerPool === 0) await raceForPool(actors, path, pool);
        const isShared = round % 2 === 1; // two runs of one program; otherwise two programs
        const made = await both(actors, path, pool, round, isShared);
        const known = wanted.get(pool) ?? new Map<string, string>();
        wanted.set(pool, known);
        for (const outcomes of made) for (const [name, uid] of outcomes) expect(known.get(name) ?? uid).toBe(uid);
        for (const outcomes of made) for (const [name, uid] of outcomes) known.set(name, uid);
        expect(made.flatMap((outcomes) => [...outcomes.keys()].filter((name) => name === `same-${round}`))).toHaveLength(isShared ? 2 : 1);
      }
      for (const [pool, known] of wanted) {
        const [state] = valuesOf(await (actors[0] as Actor).do({ path, owner: "look", steps: [{ do: "observe", pool }] }), 1) as [PoolState];
        expect(state.problems).toEqual([]);
        expect(state.objects.map(({ name, uid }) => [name, uid])).toEqual([...known].sort(([a], [b]) => (a < b ? -1 : 1)));
        expect(known.size).toBe(roundsPerPool * 3);
      }
      rmSync(path, { recursive: true });
    } finally {
      for (const actor of actors) await actor.end();
    }
  }, 300_000);
});

/** Both make the same pool; one of them has to. */
async function raceForPool(actors: Actor[], path: string, pool: string): Promise<void> {
  const ended = await Promise.all(actors.map((actor) => actor.do({ path, owner: "both", steps: [{ do: "createPool", pool }] })));
  const outcomes = ended.flatMap((each) => each.outcomes);
  expect(outcomes.filter((outcome) => "value" in outcome || outcome.error.code === "CONFLICT")).toHaveLength(2);
  expect(outcomes.some((outcome) => "value" in outcome)).toBe(true);
}

/** Both make a volume of the same name and one of their own. The uids by name that each was told. */
async function both(actors: Actor[], path: string, pool: string, round: number, isShared: boolean): Promise<Map<string, string>[]> {
  const ended = await Promise.all(
    actors.map((actor, at) => {
      const steps: Step[] = [
        { do: "create", pool, name: `same-${round}`, size: "4KiB" },
        { do: "create", pool, name: `own-${round}-${owners[at]}`, size: "4KiB" },
      ];
      return actor.do({ path, owner: isShared ? "both" : String(owners[at]), steps });
    }),
  );
  return ended.map(({ outcomes, killedBy }) => {
    expect(killedBy).toBeUndefined();
    return new Map(outcomes.filter(isVolume).map(({ value }) => [value.id.split("/")[2] as string, value.uid]));
  });
}

function isVolume(outcome: Outcome): outcome is { value: ObjectInfo } {
  if ("value" in outcome) return (outcome.value as Partial<ObjectInfo>).kind === "volume";
  if (!["ALREADY_EXISTS", "CONFLICT"].includes(outcome.error.code)) throw new Error(outcome.error.message);
  return false;
}
