import { messageOf } from "../../model/errors";
import type { Cluster } from "./cluster";
import { objects, parseEntry, poolKey } from "./entry";
import { parseText, type Table, type Transaction } from "./table";

type Texts = Map<string, string | undefined>;

interface Batch {
  texts: Texts;
  done: Promise<void>;
}

/**
 * The second copy of a pool's table, from which a repair restores it: another object, which lies on other disks. It is written
 * after each commit and before its answer, so what an answer has told is in both; its failure fails nothing, and fsck finds
 * what has fallen behind.
 */
export class SecondCopy {
  private next: Batch | undefined;
  private last: Promise<void> = Promise.resolve();

  constructor(
    private readonly cluster: Cluster,
    private readonly table: Table,
    private readonly warn: (message: string) => void,
  ) {}

  /** Puts in what has been committed. Commits that wait at the same time go in one step, and none overtakes another. */
  async keep(written: ReadonlyMap<string, string | undefined>): Promise<void> {
    const texts = [...written].filter(([key, text]) => isCopied(key, text));
    if (texts.length === 0) return;
    const batch = this.next ?? this.begin();
    for (const [key, text] of texts) batch.texts.set(key, text);
    await batch.done;
  }

  private begin(): Batch {
    const texts: Texts = new Map();
    const done = this.last.then(() => {
      this.next = undefined;
      return this.write(texts);
    });
    this.last = done;
    this.next = { texts, done };
    return this.next;
  }

  /** Another process may have committed after us and copied before us: whoever writes last looks again. */
  private async write(texts: Texts): Promise<void> {
    const { cluster, table } = this;
    try {
      for (let written = texts; written.size > 0; ) {
        const [set, remove] = split(written);
        if (!(await cluster.writeCopy(table.pool, set, remove))) written = await this.writeWhole();
        written = changed(written, await table.read((transaction) => transaction.texts([...written.keys()])));
      }
    } catch (error) {
      this.warn(
        `the second copy of the records of pool ${table.pool} of ${cluster.backend} could not be written, fsck --repair will do it: ${messageOf(error)}`,
      );
    }
  }

  /** What there is is no whole copy: pools of earlier versions have none. */
  private async writeWhole(): Promise<Texts> {
    const texts = await this.table.read(copiedTexts);
    // The pool has been taken out of our hands meanwhile, and nothing of ours is to be left in it
    if (!texts.has(poolKey)) return new Map();
    await this.cluster.replaceCopy(this.table.pool, Object.fromEntries(texts));
    return texts;
  }
}

/** What a second copy of the table should say. */
export function copiedTexts(transaction: Transaction): Map<string, string> {
  const texts = transaction.texts(transaction.keys(""));
  return new Map([...texts].filter((row): row is [string, string] => row[1] !== undefined && isCopied(...row)));
}

/** Names follow from the objects that have them, and what is still being made is nothing that could be lost. */
export function isCopied(key: string, text: string | undefined): boolean {
  if (key.startsWith("n.")) return false;
  return !(key.startsWith(objects) && text !== undefined && parseEntry(parseText(text))?.phase === "creating");
}

function split(texts: Texts): [set: Record<string, string>, remove: string[]] {
  const set: Record<string, string> = {};
  const remove: string[] = [];
  for (const [key, text] of texts) {
    if (text === undefined) remove.push(key);
    else set[key] = text;
  }
  return [set, remove];
}

function changed(written: Texts, now: Texts): Texts {
  return new Map([...now].filter(([key, text]) => text !== written.get(key) && isCopied(key, text)));
}
