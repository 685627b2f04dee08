import { mkdtempSync, realpathSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Actor, type Ended, valuesOf } from "./actors";
import type { PoolState } from "./observe";
import { cleanUp, isOfRound, type OperationName, type Scenario, scenarioOf } from "./scenarios";
import type { Step } from "./steps";
import { failFrom, killBefore, type Place, watch } from "./strace";

const pool = "lane";
/** What lives in the pool all the time and must not notice anything. */
const bystanders: Step[] = [
  { do: "create", pool, name: "by", size: "64KiB" },
  { do: "fill", pool, name: "by", seed: 9 },
  { do: "snapshot", pool, name: "by", as: "stander" },
];

/** A folder with pools and two processes that look after them; rounds in it run one after the other. */
export class Lane {
  private rounds = 0;
  private untouched: string[] = [];
  private next = Actor.start();

  private constructor(
    private readonly operation: OperationName,
    private readonly path: string,
    private readonly recoverers: [Actor, Actor],
  ) {}

  static async open(operation: OperationName, folder = tmpdir()): Promise<Lane> {
    const path = realpathSync(mkdtempSync(join(folder, "krs-crash-")));
    const lane = new Lane(operation, path, [await Actor.start(), await Actor.start()]);
    await lane.run([{ do: "createPool", pool }, ...bystanders]);
    lane.untouched = texts(await lane.observe(pool));
    return lane;
  }

  /** Ends its processes. The folder is removed only after success: after a failure it can be looked at. */
  async close(isSuccess: boolean): Promise<void> {
    for (const actor of [...this.recoverers, await this.next]) await actor.end();
    if (isSuccess) rmSync(this.path, { recursive: true });
  }

  /** The places that a run has which nobody disturbs. */
  async places(): Promise<Place[]> {
    let places: Place[] = [];
    await this.round(async (victim, step) => {
      const watched = await watch(victim.threads);
      const ended = await victim.do(this.job([step]));
      places = await watched.places();
      return ended;
    });
    return places;
  }

  /** One round in which the process is killed before a place. False if it did not get there, and so was not harmed. */
  async killedBefore(place: Place): Promise<boolean> {
    const ended = await this.round(async (victim, step) => {
      const tracer = await killBefore(victim.threads, place);
      const harmed = await victim.do(this.job([step]));
      if (harmed.killedBy === undefined) await tracer.stop();
      return harmed;
    });
    return ended.killedBy !== undefined;
  }

  /**
   * One round in which a call fails from a place on, as it does on a broken disk. When it works again the same process goes on, and
   * must be able to. The error that the operation ended with, if it did.
   */
  async failing(place: Place, errno: string): Promise<{ code: string } | undefined> {
    const ended = await this.round(async (victim, step) => {
      const tracer = await failFrom(victim.threads, place, errno);
      const failed = await victim.do({ ...this.job([step]), keep: true });
      await tracer.stop();
      valuesOf(await victim.do(this.job(writing("victim"))), writing("").length);
      return failed;
    });
    const [outcome] = ended.outcomes;
    return outcome && "error" in outcome ? outcome.error : undefined;
  }

  private async round(run: (victim: Actor, operation: Step) => Promise<Ended>): Promise<Ended> {
    this.rounds += 1;
    const name = `r${this.rounds}`;
    const scenarioPool = `p${this.rounds}`;
    const own = scenarioOf(this.operation, scenarioPool, name);
    const where = own.ownPool ? scenarioPool : pool;
    const scenario: Scenario = own.ownPool ? own : scenarioOf(this.operation, pool, name);

    const victim = await this.next;
    this.next = Actor.start(); // it starts while this round goes on
    if (scenario.prepare.length > 0) await this.run(scenario.prepare);
    const uids = scenario.before ? uidsOf(await this.observe(where), name) : new Map<string, string>();
    if (scenario.tamper) this.takeDatabaseAway(where);
    const ended = await run(victim, scenario.operation).finally(() => victim.end());

    await this.check(scenario, where, name, uids, verdictOf(ended));
    return ended;
  }

  private async check(
    scenario: Scenario,
    where: string,
    name: string,
    uids: Map<string, string>,
    verdict: Verdict,
  ): Promise<void> {
    const { after, operation } = scenario;
    // Whoever only reads, before anything is recovered, sees whole objects
    const seen = await this.look(where);
    if (seen) assertWhole(ofRound(seen, name), scenario);
    if (verdict === "done" && after)
      expectAt("what was answered", seen && texts({ objects: ofRound(seen, name) }), after);

    await this.race(this.recovery(where), scenario.repeated ?? []);
    const recovered = await this.look(where);
    const found = recovered && texts({ objects: ofRound(recovered, name) });
    const allowed = allowedStates(scenario, verdict);
    expect(allowed.map((state) => JSON.stringify(state))).toContain(JSON.stringify(found));
    if (recovered) {
      expectAt("after recovery", recovered.problems, []);
      assertSameUids(recovered, name, uids);
    }
    const between = recovered ? uidsOf(recovered, name) : uids;

    const succeeded = await this.race([operation], scenario.repeated ?? []);
    // Each may have been in the other's way; alone nothing is in the way
    if (succeeded === 0 && JSON.stringify(found) !== JSON.stringify(after)) await this.run([operation]);
    const repeated = await this.look(where);
    expectAt("after it was repeated", repeated && texts({ objects: ofRound(repeated, name) }), after);
    if (repeated) {
      expectAt("after it was repeated", repeated.problems, []);
      assertSameUids(repeated, name, between);
    }
    if (scenario.ownPool) rmSync(join(this.path, where), { recursive: true, force: true });
    else await this.run(cleanUp(where, name, repeated ? ofRound(repeated, name) : []));
    expectAt("what is none of its business", texts(await this.observe(pool)), this.untouched);
  }

  /** What any next program would do: look, write something, and have the pool mended. */
  private recovery(where: string): Step[] {
    const first = scenarioOf(this.operation, where, "x").operation;
    if (first.do === "createPool" || first.do === "deletePool") return [first];
    if (first.do === "fsck") return [first, { do: "list", pool: where }];
    return [
      { do: "list", pool: where },
      { do: "fsck", pool: where, repair: true },
    ];
  }

  /** Both processes at once. How many of them succeeded; the others failed with one of the codes that are all right. */
  private async race(steps: Step[], losers: string[]): Promise<number> {
    const writes = (side: string): Step[] =>
      steps.some((step) => step.do === "list") && steps[0]?.do !== "fsck" ? writing(side) : [];
    const sides = await Promise.all(
      this.recoverers.map((actor, at) => actor.do(this.job([...writes(String(at)), ...steps]))),
    );
    for (const { outcomes, killedBy } of sides) {
      expect(killedBy).toBeUndefined();
      for (const outcome of outcomes)
        if ("error" in outcome && !losers.includes(outcome.error.code)) throw new Error(outcome.error.message);
    }
    return sides.filter(({ outcomes }) => outcomes.every((outcome) => "value" in outcome)).length;
  }

  private takeDatabaseAway(where: string): void {
    for (const name of ["pool.db"]) {
      const path = join(this.path, where, ".krstorage", name);
      renameSync(path, `${path}.away`);
    }
  }

  /** As `observe`, or undefined where no pool is. */
  private async look(where: string): Promise<PoolState | undefined> {
    const [outcome] = (await this.recoverers[0].do(this.job([{ do: "observe", pool: where }]))).outcomes;
    if (outcome && "value" in outcome) return outcome.value as PoolState;
    if (outcome && ["UNAVAILABLE", "PRECONDITION_FAILED"].includes(outcome.error.code)) return undefined;
    throw new Error(outcome?.error.message ?? "the looking process died");
  }

  private async observe(where: string): Promise<PoolState> {
    return (await this.run([{ do: "observe", pool: where }]))[0] as PoolState;
  }

  private async run(steps: Step[]): Promise<unknown[]> {
    return valuesOf(await this.recoverers[0].do(this.job(steps)), steps.length);
  }
  private job(steps: Step[]) {
    return { path: this.path, owner: "crash", steps };
  }
}

/** What the answer, or its absence, says about the operation. */
type Verdict = "done" | "not done" | "either";

function verdictOf({ outcomes: [outcome], killedBy }: Ended): Verdict {
  if (!outcome) {
    expect(killedBy).toBe("SIGKILL");
    return "either";
  }
  if ("value" in outcome) return "done";
  const { code, message, outcome: told } = outcome.error;
  if (code === "untyped" || code === "INTERNAL") throw new Error(message);
  return told === "not-applied" ? "not done" : "either";
}

function allowedStates({ before, during, after, tamper }: Scenario, verdict: Verdict): (string[] | undefined)[] {
  if (verdict === "done" || tamper) return [after];
  return verdict === "not done" ? [before, during] : [before, after];
}

/** Something else to do in the shared pool, that leaves nothing behind. */
function writing(side: string): Step[] {
  return [
    { do: "create", pool, name: `w-${side}`, size: "4KiB" },
    { do: "delete", pool, name: `w-${side}` },
    { do: "purge", pool, name: `w-${side}` },
  ];
}

function ofRound(state: PoolState, name: string): PoolState["objects"] {
  return state.objects.filter((object) => isOfRound(object.name, name));
}

function texts({ objects }: Pick<PoolState, "objects">): string[] {
  return objects.map(({ name, text }) => `${name}: ${text}`);
}

function uidsOf(state: PoolState, name: string): Map<string, string> {
  return new Map(ofRound(state, name).map((object) => [object.name, object.uid]));
}

function assertSameUids(state: PoolState, name: string, uids: Map<string, string>): void {
  const expected = ofRound(state, name).map((object) => [object.name, uids.get(object.name) ?? object.uid]);
  expectAt("uids", [...uidsOf(state, name)], expected);
}

/** What is live is whole, and what an operation neither makes nor ends is always there: a list is complete or an error. */
function assertWhole(objects: PoolState["objects"], { before, during, after }: Scenario): void {
  const known = [...(before ?? []), ...(during ?? []), ...(after ?? [])];
  for (const text of texts({ objects: objects.filter(({ phase }) => phase === "live") })) expect(known).toContain(text);
  const names = (state: string[]) => state.map((text) => text.slice(0, text.indexOf(": ")));
  const lasting = names(before ?? after ?? []).filter((name) => names(after ?? before ?? []).includes(name));
  expect(objects.map((object) => object.name)).toEqual(expect.arrayContaining(lasting));
}

/** As `toEqual`, with the moment in the message. */
function expectAt(moment: string, found: unknown, wanted: unknown): void {
  expect({ moment, found }).toEqual({ moment, found: wanted });
}
