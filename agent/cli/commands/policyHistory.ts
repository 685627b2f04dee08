import { agentPort } from "../../run/agentPort";
import { historyOf } from "../../run/history";
import { lookAtBackend } from "../../run/look";
import type { Command } from "../command";
import { foundProblems } from "../exitCodes";
import type { Cell } from "../output/blocks";
import { policyArgument } from "../policyRuns";

const defaultLimit = 50;

export const policyHistory: Command = {
  arguments: [policyArgument],
  options: [{ flags: "--limit <count>", description: `how many, the newest first (default: ${defaultLimit})` }],
  details:
    "What the backends themselves know: snapshots that are there, and those in the trash with when they were removed.",
  examples: [
    ["policy history nightly", "what one policy took, and what became of it"],
    ["policy history --limit 1000 --json", "of all, for programs"],
  ],
  async run(session, args) {
    const wanted = args.optional(0);
    const { storage, signal, timing } = session;
    const looks = await Promise.all(
      storage.backendNames().map((name) => lookAtBackend(agentPort(storage.backend(name)), timing, signal)),
    );
    const isWanted = ({ uid, name }: { uid: string; name: string }) =>
      wanted === undefined || [uid, name].includes(wanted);
    const all = looks.flatMap(({ pools }) => pools.flatMap((pool) => historyOf(pool, isWanted)));
    const newest = all.sort((a, b) => (a.slot < b.slot ? 1 : -1));
    const history = newest.slice(0, Number(args.text("limit") ?? defaultLimit) || defaultLimit);
    const failures = looks.flatMap((look) => look.failures);
    const rows = history.map(({ slot, policy, target, takenAt, takenBy, fate }): Cell[] => [
      slot,
      policy,
      target,
      takenAt,
      takenBy,
      fate.state === "live" ? "there" : { text: `removed ${fate.at}, undelete until ${fate.until}`, tone: "dim" },
    ]);
    return {
      json: { history, failures },
      text: [
        rows.length === 0
          ? "No policy has taken anything yet."
          : { columns: ["SLOT", "POLICY", "TARGET", "TAKEN", "BY", "NOW"], rows },
        ...failures.map(({ where, message }): Cell => ({ text: `${where}: ${message}`, tone: "bad" })),
      ],
      exitCode: failures.length === 0 ? 0 : foundProblems,
    };
  },
};
