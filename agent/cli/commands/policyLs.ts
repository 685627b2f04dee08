import { slotName } from "../../../provider/retention";
import type { TargetReport } from "../../run/report";
import { slotTimes } from "../../run/slotTimes";
import type { Command } from "../command";
import { foundProblems } from "../exitCodes";
import type { Block, Cell } from "../output/blocks";
import { runPolicies, troubles } from "../policyRuns";
import { unconfigured } from "../unconfigured";

export const policyLs: Command = {
  details: "One line for each policy and target. A policy that is switched off acts on nothing, and is not listed.",
  examples: [["policy ls", "all policies that act, what they act on, and when they run next"]],
  async run(session, args) {
    const reports = await runPolicies(session, args, { dryRun: true, policy: undefined });
    const policies = reports.flatMap(({ targets }) => targets.map((target) => lineOf(target, session.timing.now())));
    return {
      json: { policies },
      text: [
        ...(policies.length === 0
          ? (unconfigured(session, "No policy has targets") ?? ["No policy has targets here."])
          : [tableOf(policies)]),
        ...troubles(reports).map((text): Cell => ({ text, tone: "bad" })),
      ],
      exitCode: reports.some(({ failures, problems }) => failures.length + problems.length > 0) ? foundProblems : 0,
    };
  },
};

type Line = ReturnType<typeof lineOf>;

function tableOf(lines: Line[]): Block {
  return {
    columns: ["POLICY", "UID", "SCHEDULE", "ZONE", "TARGET", "NEWEST GOOD", "NEXT", "STATUS"],
    rows: lines.map((line): Cell[] => [
      line.name,
      line.uid.slice(0, 6),
      line.schedule,
      line.timezone,
      line.target,
      line.newestGood ?? "-",
      line.next ?? "-",
      line.status === "ok" ? "ok" : { text: `${line.status}: ${line.reason ?? ""}`, tone: "warn" },
    ]),
  };
}

function lineOf({ policy, target, status, reason, newestGoodMs }: TargetReport, nowMs: number) {
  const { nextMs } = slotTimes(policy, nowMs);
  return {
    ...policy,
    target: target.id,
    status,
    ...(reason === undefined ? {} : { reason }),
    ...(newestGoodMs === undefined ? {} : { newestGood: slotName(newestGoodMs) }),
    ...(nextMs === undefined ? {} : { next: new Date(nextMs).toISOString() }),
  };
}
