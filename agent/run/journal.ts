import { appendFileSync, mkdirSync, readFileSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Log } from "../../provider/drivers/driver";
import { messageOf } from "../../provider/model/errors";
import type { BackendReport, TargetReport } from "./report";

const entry = z.object({
  /** When the run was begun, by this machine's clock; ISO 8601. */
  at: z.string(),
  policy: z.object({ uid: z.string(), name: z.string() }),
  /** `<backend>/<pool>/<name>`. */
  target: z.string(),
  /** `taken` and `removed` are about one snapshot; the others are said once, when they begin. */
  event: z.enum(["taken", "removed", "failed", "missed", "skipped", "pruneRefused", "fuseTripped", "pruneFailed"]),
  slot: z.string().optional(),
  /** The snapshot's uid, of what was removed. */
  uid: z.string().optional(),
  /** The snapshot's name among its target's. */
  name: z.string().optional(),
  reason: z.string().optional(),
});
/** One thing that a run did, or could not do. */
export type JournalEntry = z.infer<typeof entry>;

const fileName = "history.jsonl";
const olderName = "history.1.jsonl";
/** Some 40,000 entries; as many again are in the older file. */
const mostBytes = 8 * 2 ** 20;

/**
 * What runs on this machine have done, in the agent's state folder: why each snapshot was removed outlives the snapshot here. It is for people;
 * nothing is decided by it, and a run does not fail because it cannot be written.
 */
export class Journal {
  private readonly standing = new Map<string, string>();
  private hasWarned = false;

  constructor(
    private readonly folder: string,
    private readonly log: Log,
  ) {}

  /** Appends what is new in a report. Several processes may do so at once: each writes whole lines. */
  record(report: BackendReport): void {
    const at = new Date(report.startedMs).toISOString();
    const lines = report.targets.flatMap((target) => this.news(target, at)).map((one) => `${JSON.stringify(one)}\n`);
    if (lines.length === 0) return;
    try {
      mkdirSync(this.folder, { recursive: true, mode: 0o700 });
      this.makeRoom();
      appendFileSync(join(this.folder, fileName), lines.join(""), { mode: 0o600 });
    } catch (error) {
      if (!this.hasWarned) this.log.warn(`what runs do is not remembered in ${this.folder}: ${messageOf(error)}`);
      this.hasWarned = true;
    }
  }

  private news(target: TargetReport, at: string): JournalEntry[] {
    const about = { at, policy: { uid: target.policy.uid, name: target.policy.name }, target: target.target.id };
    const troubles = troublesOf(target);
    const key = `${target.policy.uid} ${target.target.uid}`;
    // A trouble that lasts is told when it begins, not at every look
    const now = troubles.map(({ event, slot }) => `${event} ${slot ?? ""}`).join();
    const isNew = (this.standing.get(key) ?? "") !== now;
    if (now === "") this.standing.delete(key);
    else this.standing.set(key, now);
    return [...doneBy(target), ...(isNew ? troubles : [])].map((one) => ({ ...about, ...one }));
  }

  private makeRoom(): void {
    const path = join(this.folder, fileName);
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    if (size > mostBytes) renameSync(path, join(this.folder, olderName));
  }
}

type What = Omit<JournalEntry, "at" | "policy" | "target">;

function doneBy({ take, prune, names }: TargetReport): What[] {
  const reasons = new Map(prune?.remove.map(({ id, reason }) => [id, reason]));
  const removed = (prune?.removed ?? []).map(
    (uid): What => ({
      event: "removed",
      uid,
      ...given({ name: names?.get(uid)?.split("@")[1], reason: reasons.get(uid) }),
    }),
  );
  const { slot, name, reason } = take ?? {};
  return take?.action === "taken" ? [{ event: "taken", ...given({ slot, name, reason }) }, ...removed] : removed;
}

const pruneTroubles = { refused: "pruneRefused", tripped: "fuseTripped", failed: "pruneFailed" } as const;

function troublesOf({ status, reason, take, prune }: TargetReport): What[] {
  if (status === "skipped") return [{ event: "skipped", ...given({ reason }) }];
  const what: What[] = [];
  if (take?.action === "failed" || take?.action === "missed")
    what.push({ event: take.action, ...given({ slot: take.slot, reason: take.reason }) });
  if (prune?.action === "refused" || prune?.action === "tripped" || prune?.action === "failed")
    what.push({ event: pruneTroubles[prune.action], ...given({ reason: prune.reason }) });
  return what;
}

function given<T extends Record<string, string | undefined>>(fields: T): { [K in keyof T]?: string } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: string;
  };
}

/** What a folder remembers, in the order in which it happened. A line that cannot be read, such as half of one, is left out. */
export function readJournal(folder: string): JournalEntry[] {
  return [olderName, fileName].flatMap((name) => {
    let text: string;
    try {
      text = readFileSync(join(folder, name), "utf8");
    } catch {
      return []; // none yet
    }
    return text.split("\n").flatMap((line) => {
      try {
        return entry.safeParse(JSON.parse(line)).data ?? [];
      } catch {
        return [];
      }
    });
  });
}
