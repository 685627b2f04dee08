import { mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Message } from "./guest";
import { Known, type Seen } from "./known";
import { type FileSystem, Machine } from "./machine";

/** How long a machine may say nothing before something is wrong with the test itself. */
const silenceMs = 120_000;

export interface PowerCuts {
  fileSystem: FileSystem;
  cuts: number;
  seed: number;
  /** A module that the program in the machine loads first, once the pool is made; only to prove that these tests can fail. */
  preload?: string;
}

/**
 * What a run came to: what contradicts what was answered, as sentences, how much was answered in all, and how many disks a cut
 * has torn whose user was just writing.
 */
export interface Verdict {
  problems: string[];
  cuts: number;
  answered: number;
  torn: number;
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
  const verdict: Verdict = { problems: [], cuts: 0, answered: 0, torn: 0 };
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
      const state = JSON.parse(readFileSync(file, "utf8")) as Seen;
      verdict.problems.push(...known.compare(state).map((problem) => `after cut ${boot}: ${problem}`));
      verdict.torn += known.torn(state).length;
      known = known.settled(state, `cut ${boot}`);
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
    const silence = setTimeout(() => reject(new Error(`the machine says nothing: ${machine.console()}`)), silenceMs);
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
