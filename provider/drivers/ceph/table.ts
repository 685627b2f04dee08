import { KrStorageError, withOutcome } from "../../model/errors";
import { newUid } from "../record";
import type { Cluster } from "./cluster";
import { SecondCopy } from "./secondCopy";

/** How often a write is tried again because others wrote in between. Each time one of them has got through. */
const longestContest = 200;
const generationKey = "gen";

interface Cell {
  text: string;
  value?: unknown;
}

/** The state of a table as one transaction sees it: what was read, and over it what the transactions before it will write. */
export class Transaction {
  readonly written = new Map<string, string | undefined>();

  constructor(private readonly cells: ReadonlyMap<string, Cell>) {}

  /** The value of a key as it was stored, parsed; undefined where there is none or it cannot be parsed. Never to be changed. */
  get(key: string): unknown {
    if (this.written.has(key)) {
      const text = this.written.get(key);
      return text === undefined ? undefined : parseText(text);
    }
    const cell = this.cells.get(key);
    if (!cell) return undefined;
    if (!("value" in cell)) cell.value = parseText(cell.text);
    return cell.value;
  }
  has(key: string): boolean {
    return this.written.has(key) ? this.written.get(key) !== undefined : this.cells.has(key);
  }
  set(key: string, value: unknown): void {
    this.put(key, JSON.stringify(value));
  }
  /** A value as it was stored before. */
  put(key: string, text: string): void {
    this.written.set(key, text);
  }
  delete(key: string): void {
    this.written.set(key, undefined);
  }
  /** As stored, of keys that are there or not. */
  texts(keys: string[]): Map<string, string | undefined> {
    return new Map(keys.map((key) => [key, this.written.has(key) ? this.written.get(key) : this.cells.get(key)?.text]));
  }
  keys(prefix: string): string[] {
    const all = new Set([...this.cells.keys(), ...this.written.keys()]);
    return [...all].filter((key) => key.startsWith(prefix) && this.has(key)).sort();
  }
}

/** What a change has come to, and whether it wrote anything. */
type Outcome = ({ value: unknown } | { error: unknown }) & { wrote: boolean };

interface Pending {
  /** It writes nothing. */
  isLook: boolean;
  act(transaction: Transaction): unknown;
  settle(value: unknown): void;
  fail(error: unknown): void;
}

/**
 * The records of one pool: sorted keys of one RADOS object. A change is decided on what was read and written in one step that
 * the OSD takes only if nobody has written since; otherwise it is decided anew. Changes that wait at the same time go in one
 * step together.
 */
export class Table {
  private cells: Map<string, Cell> = new Map();
  private generation: string | null = null;
  private pending: Pending[] = [];
  private isWorking = false;
  readonly copy: SecondCopy;

  constructor(
    readonly cluster: Cluster,
    readonly pool: number,
    warn: (message: string) => void,
  ) {
    this.copy = new SecondCopy(cluster, this, warn);
  }

  /** Decides and writes. `act` may be called several times and must have no other effect; what it throws refuses the change. */
  change<Result>(act: (transaction: Transaction) => Result): Promise<Result> {
    return this.put(act, false);
  }

  /** Looks at what is stored now. */
  read<Result>(look: (transaction: Transaction) => Result): Promise<Result> {
    return this.put(look, true);
  }

  private put<Result>(act: (transaction: Transaction) => Result, isLook: boolean): Promise<Result> {
    return new Promise<Result>((settle, fail) => {
      this.pending.push({ isLook, act, settle: settle as (value: unknown) => void, fail });
      if (!this.isWorking) void this.work();
    });
  }

  /** Ends the table and all that is ours beside it, if nobody writes meanwhile. What `may` throws refuses it. */
  async drop(may: (transaction: Transaction) => void): Promise<void> {
    for (;;) {
      await this.refresh();
      const { generation } = this;
      if (generation === null) return;
      may(new Transaction(this.cells));
      if (await this.cluster.dropRecords(this.pool, generation)) return;
    }
  }

  private async work(): Promise<void> {
    this.isWorking = true;
    try {
      while (this.pending.length > 0) await this.round(this.pending.splice(0));
    } finally {
      this.isWorking = false;
    }
  }

  /** Settles every one of these changes, whatever happens. */
  private async round(changes: Pending[]): Promise<void> {
    let decided: Outcome[] = [];
    try {
      let isCurrent = false;
      for (let attempt = 1; attempt <= longestContest; attempt += 1) {
        // A write goes through only if nobody has written since: that it does is the proof that all of this was decided on what is stored now
        if (attempt > 1 || changes.every(({ isLook }) => isLook)) {
          await this.refresh();
          isCurrent = true;
        }
        const { written, results } = this.decide(changes);
        decided = results;
        if (written.size > 0 ? !(await this.write(written)) : !isCurrent) continue;
        answer(changes, results, (outcome) => !outcome.wrote);
        // The next round does not wait for the copy; who has written and is answered may rely on it
        void this.copy.keep(written).then(() => answer(changes, results, (outcome) => outcome.wrote));
        return;
      }
      throw new KrStorageError(
        "UNAVAILABLE",
        `the records of pool ${this.pool} of ${this.cluster.backend} are being written by others all the time; try again`,
        { retryable: true },
      );
    } catch (error) {
      // What only looked, or was refused, has changed nothing whatever became of the others
      for (const [index, { fail }] of changes.entries())
        fail(KrStorageError.isInstance(error) && !decided[index]?.wrote ? withOutcome(error, "not-applied") : error);
    }
  }

  /** Each change on top of those before it; one that throws leaves nothing. */
  private decide(changes: Pending[]): {
    written: Map<string, string | undefined>;
    results: Outcome[];
  } {
    const base = new Map(this.cells);
    const written = new Map<string, string | undefined>();
    const results = changes.map(({ act }) => {
      const transaction = new Transaction(base);
      try {
        const value = act(transaction);
        for (const [key, text] of transaction.written) {
          written.set(key, text);
          if (text === undefined) base.delete(key);
          else base.set(key, { text });
        }
        return { value, wrote: transaction.written.size > 0 };
      } catch (error) {
        return { error, wrote: false };
      }
    });
    return { written, results };
  }

  private async write(written: Map<string, string | undefined>): Promise<boolean> {
    const set: Record<string, string> = {};
    const remove: string[] = [];
    for (const [key, text] of written) {
      if (text === undefined) remove.push(key);
      else set[key] = text;
    }
    const generation = nextGeneration();
    let isWritten: boolean;
    try {
      isWritten = await this.cluster.writeTable(
        this.pool,
        this.generation,
        { ...set, [generationKey]: generation },
        remove,
      );
    } catch (error) {
      // The write may have been made although its answer was lost: its generation tells, if that can be had and nobody has written since
      if (!KrStorageError.isInstance(error) || error.outcome !== "unknown") throw error;
      if ((await this.cluster.tableGeneration(this.pool).catch(() => undefined)) !== generation) throw error;
      isWritten = true;
    }
    if (!isWritten) return false;
    this.generation = generation;
    for (const [key, text] of written) {
      if (text === undefined) this.cells.delete(key);
      else this.cells.set(key, { text });
    }
    return true;
  }

  private async refresh(): Promise<void> {
    const generation = await this.cluster.tableGeneration(this.pool);
    if (generation === this.generation) return;
    for (;;) {
      const rows = await this.cluster.readTable(this.pool);
      const read = new Map(rows);
      // Read in pages: whole only if nobody wrote meanwhile
      const after = await this.cluster.tableGeneration(this.pool);
      if ((rows && (read.get(generationKey) ?? "")) !== after) continue;
      read.delete(generationKey);
      this.cells = new Map([...read].map(([key, text]) => [key, this.kept(key, text)]));
      this.generation = after;
      return;
    }
  }

  /** The cell as it was where its text has not changed, so that it need not be parsed again. */
  private kept(key: string, text: string): Cell {
    const before = this.cells.get(key);
    return before?.text === text ? before : { text };
  }
}

function answer(changes: Pending[], results: Outcome[], isAnswered: (outcome: Outcome) => boolean): void {
  for (const [index, outcome] of results.entries()) {
    if (!isAnswered(outcome)) continue;
    const { settle, fail } = changes[index] as Pending;
    if ("error" in outcome) fail(outcome.error);
    else settle(outcome.value);
  }
}

/** Never the same twice: two tables that look alike are not taken for each other. */
function nextGeneration(): string {
  return newUid();
}

/** What a key holds; undefined where that is no JSON. */
export function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
