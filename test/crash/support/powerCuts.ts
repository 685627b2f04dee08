import { mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Expected } from "./expected";
import type { Message } from "./guest";
import { type FileSystem, Machine } from "./machine";
import type { PoolState } from "./observe";
import type { Step } from "./steps";

/** How long a machine may say nothing before something is wrong with the test itself. */
const silenceMs = 120_000;

export interface PowerCuts {
  fileSystem: FileSystem;
  cuts: number;
  seed: number;
  /** A module that the program in the machine loads first, once the pool is made; only to prove that these tests can fail. */
  preload?: string;
}

/** What a run came to: what contradicts what was answered, as sentences, and how much was answered in all. */
export interface Verdict {
  problems: string[];
  cuts: number;
  answered: number;
}

/**
 * Cuts a machine's power at moments that the seed decides, and after each cut compares what is there with what was answered. Ends
 * with the first problem.
 */
export async function cutPower(options: PowerCuts): Promise<Verdict> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "krs-power-")));
  const machine = new Machine(folder, options.fileSystem);
  const file = join(folder, "state.json");
  const random = randomFrom(options.seed);
  const verdict: Verdict = { problems: [], cuts: 0, answered: 0 };
  let known = new Known();
  while (verdict.problems.length === 0 && verdict.cuts <= options.cuts) {
    const boot = verdict.cuts;
    const program = [
      process.execPath,
      ...(options.preload === undefined || boot === 0 ? [] : ["--require", options.preload]),
      join(__dirname, "guest.js"),
      join(machine.mountPoint, "storage"),
      String(boot),
      file,
    ];
    // Now and then while it recovers, mostly while it works; the first boot has to make the pool
    const isEarly = boot > 0 && random() < 0.15;
    const steps = isEarly ? 0 : 1 + Math.floor(random() * 60);
    const extraMs = random() * (isEarly ? 400 : 25);
    const said = await listen(machine, program, { isEarly, steps, extraMs });
    if (said.some((message) => message === "seen")) {
      const state = JSON.parse(readFileSync(file, "utf8")) as PoolState & { absent?: string };
      verdict.problems.push(...known.compare(state).map((problem) => `after cut ${boot}: ${problem}`));
      known = known.settled(state);
    }
    for (const message of verdict.problems.length === 0 ? said : []) {
      if (typeof message !== "object") continue;
      if ("begin" in message) known.begin(message.begin);
      else if (message.failed !== undefined)
        verdict.problems.push(`${JSON.stringify(message.done)}: ${message.failed}`);
      else {
        known.done(message.done);
        verdict.answered += 1;
      }
    }
    verdict.cuts += 1;
  }
  if (verdict.problems.length === 0 || options.preload !== undefined) rmSync(folder, { recursive: true });
  return verdict;
}

/** Starts the machine and cuts its power at the moment that was drawn. What it said until then. */
async function listen(
  machine: Machine,
  program: string[],
  moment: { isEarly: boolean; steps: number; extraMs: number },
): Promise<Message[]> {
  const said: Message[] = [];
  let steps = 0;
  const isTime = new Promise<void>((resolve, reject) => {
    const silence = setTimeout(() => reject(new Error("the machine says nothing")), silenceMs);
    const cutSoon = () => {
      clearTimeout(silence);
      setTimeout(resolve, moment.extraMs);
    };
    machine.start(program, (heard) => {
      const message = heard as Message | "up";
      if (message === "up") {
        if (moment.isEarly) setTimeout(cutSoon, 1500); // while the program starts and looks
        return;
      }
      said.push(message);
      if (typeof message === "object" && "done" in message) {
        steps += 1;
        if (steps === moment.steps || message.failed !== undefined) cutSoon();
      }
      if (message === "ended") {
        clearTimeout(silence);
        reject(new Error(`the machine's program ended by itself: ${machine.console()}`));
      }
    });
  });
  try {
    await isTime;
  } finally {
    await machine.cut();
  }
  return said;
}

/** What was answered, and what was begun and not answered: that may have happened or not. */
class Known {
  private open: Step[] = [];
  constructor(private state: Expected = new Expected()) {}

  begin(step: Step): void {
    this.open.push(step);
  }
  done(step: Step): void {
    this.open = this.open.filter((open) => JSON.stringify(open) !== JSON.stringify(step));
    this.state = this.state.after(step);
  }

  compare(found: PoolState & { absent?: string }): string[] {
    if (found.absent !== undefined) return this.state.hasPool ? [`the pool is gone: ${found.absent}`] : [];
    const wanted = this.state.texts();
    const possible = this.possible();
    const names = new Set([...wanted.keys(), ...possible.keys(), ...found.objects.map(({ name }) => name)]);
    const problems = [...found.problems];
    for (const name of names) {
      const texts = found.objects.filter((object) => object.name === name).map(({ text }) => text);
      const before = wanted.get(name);
      const allowed = [before, ...(possible.get(name) ?? [])];
      const isTorn = this.open.some((step) => step.do === "fill" && step.name === name); // its user's own affair
      const isAllowed = isTorn ? texts.length === 1 : texts.length <= 1 && allowed.includes(texts[0]);
      if (!isAllowed) problems.push(`${name} is ${texts.join(" and ") || "gone"}, not ${allowed.join(" or ")}`);
    }
    return problems;
  }

  /** What is known once it has been looked at: what was open has happened or not. */
  settled(found: PoolState & { absent?: string }): Known {
    let { state } = this;
    const texts = new Map(found.objects.map(({ name, text }) => [name, text]));
    for (const step of this.open) {
      const next = state.after(step);
      const changed = [...names(state, next)].filter((name) => next.texts().get(name) !== state.texts().get(name));
      const hasHappened =
        step.do === "createPool"
          ? found.absent === undefined
          : changed.every((name) => texts.get(name) === next.texts().get(name));
      if (hasHappened) state = next;
    }
    return new Known(state);
  }

  /** What each open step would have made of its objects. */
  private possible(): Map<string, (string | undefined)[]> {
    const all = new Map<string, (string | undefined)[]>();
    for (const step of this.open) {
      const next = this.state.after(step);
      for (const name of names(this.state, next))
        if (next.texts().get(name) !== this.state.texts().get(name))
          all.set(name, [...(all.get(name) ?? []), next.texts().get(name)]);
    }
    return all;
  }
}

function names(a: Expected, b: Expected): Set<string> {
  return new Set([...a.objects.keys(), ...b.objects.keys()]);
}

/** The same numbers for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
