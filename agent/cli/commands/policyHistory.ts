import { readAgentConfig } from "../../config/agentConfig";
import { stateFolder } from "../../config/runSettings";
import { agentPort } from "../../run/agentPort";
import { type HistoryEntry, historyOf, reasonsOf } from "../../run/history";
import { type JournalEntry, readJournal } from "../../run/journal";
import { lookAtBackend } from "../../run/look";
import { PolicyBook } from "../../run/policyBook";
import { runBackend } from "../../run/runBackend";
import type { Arguments, Command } from "../command";
import { foundProblems } from "../exitCodes";
import type { Block, Cell } from "../output/blocks";
import { agentConfigFile, agentConfigOption, policyArgument } from "../policyRuns";
import type { Session } from "../session";

const defaultLimit = 50;

export const policyHistory: Command = {
  arguments: [policyArgument],
  options: [
    { flags: "--limit <count>", description: `how many, the newest first (default: ${defaultLimit})` },
    agentConfigOption,
  ],
  details:
    "Snapshots that are there, with why they stay, and those in the trash with when they were removed: that is what backends know,\n" +
    "whoever did it. Then what runs on this machine did and could not do, which is remembered in the agent's state folder\n" +
    "for longer than the trash: why each snapshot was removed, what failed, was missed, skipped or refused.",
  examples: [
    ["policy history nightly", "what one policy took, and what became of it"],
    ["policy history --limit 1000 --json", "of all, for programs"],
  ],
  async run(session, args) {
    const wanted = args.optional(0);
    const limit = Number(args.text("limit") ?? defaultLimit) || defaultLimit;
    const isWanted = ({ uid, name }: { uid: string; name: string }) =>
      wanted === undefined || [uid, name].includes(wanted);
    const journal = remembered(session, args).filter(({ policy }) => isWanted(policy));
    const { looks, reports } = await lookAtAll(session);
    const reasons = reasonsOf(reports, journal);
    const all = looks.flatMap(({ pools }) => pools.flatMap((pool) => historyOf(pool, isWanted, reasons)));
    const history = all.sort((a, b) => (a.slot < b.slot ? 1 : -1)).slice(0, limit);
    const runs = journal.toReversed().slice(0, limit);
    const failures = looks.flatMap((look) => look.failures);
    return {
      json: { history, runs, failures },
      text: [
        ...snapshotsTable(history),
        ...runsTable(runs),
        ...failures.map(({ where, message }): Cell => ({ text: `${where}: ${message}`, tone: "bad" })),
      ],
      exitCode: failures.length === 0 ? 0 : foundProblems,
    };
  },
};

function remembered(session: Session, args: Arguments): JournalEntry[] {
  return readJournal(stateFolder(readAgentConfig(agentConfigFile(session, args)), session.env));
}

/** One look at every pool, and what a run would do with what is there. */
async function lookAtAll({ storage, signal, timing }: Session) {
  const ports = storage.backendNames().map((name) => agentPort(storage.backend(name)));
  const looks = await Promise.all(ports.map((port) => lookAtBackend(port, timing, signal)));
  const book = new PolicyBook();
  for (const look of looks) book.put(look);
  const dryRun = { clock: timing, dryRun: true, signal };
  const pairs = ports.flatMap((port, n) => (looks[n] ? [{ port, look: looks[n] }] : []));
  const reports = await Promise.all(pairs.map(({ port, look }) => runBackend(port, look, book, dryRun)));
  return { looks, reports };
}

function snapshotsTable(history: readonly HistoryEntry[]): Block[] {
  if (history.length === 0) return ["No policy has taken anything that is still there."];
  const rows = history.map(({ slot, policy, target, takenAt, takenBy, fate }): Cell[] => [
    slot,
    policy,
    target,
    takenAt,
    takenBy,
    fate.state === "live" ? "there" : { text: `removed ${fate.at}, undelete until ${fate.until}`, tone: "dim" },
    fate.reason ?? "",
  ]);
  return [{ columns: ["SLOT", "POLICY", "TARGET", "TAKEN", "BY", "NOW", "WHY"], rows }];
}

const words: Record<JournalEntry["event"], Cell> = {
  taken: "taken",
  removed: "removed",
  failed: { text: "FAILED", tone: "bad" },
  missed: { text: "missed", tone: "warn" },
  skipped: { text: "skipped", tone: "warn" },
  pruneRefused: { text: "pruning refused", tone: "bad" },
  fuseTripped: { text: "FUSE", tone: "bad" },
  pruneFailed: { text: "pruning FAILED", tone: "bad" },
};

function runsTable(runs: readonly JournalEntry[]): Block[] {
  if (runs.length === 0) return [];
  const rows = runs.map(({ at, policy, target, event, name, slot, reason }): Cell[] => [
    at,
    policy.name,
    target,
    words[event],
    name ?? slot ?? "",
    reason ?? "",
  ]);
  return [
    "",
    "What runs on this machine did:",
    { columns: ["RUN", "POLICY", "TARGET", "WHAT", "SNAPSHOT", "WHY"], rows },
  ];
}
