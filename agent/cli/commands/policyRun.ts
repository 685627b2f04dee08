import { isWell, type Prune, type Take, type TargetReport } from "../../run/report";
import type { Command } from "../command";
import { foundProblems } from "../exitCodes";
import type { Cell } from "../output/blocks";
import { agentConfigOption, policyArgument, reportJson, runPolicies, troubles } from "../policyRuns";

export const policyRun: Command = {
  arguments: [policyArgument],
  options: [
    { flags: "--dry-run", description: "print what would be done, with the reasons, and change nothing" },
    agentConfigOption,
  ],
  details:
    "Takes the snapshots that are due and removes those that are not needed any more, once, on all backends: for cron, a\n" +
    "systemd timer or a Kubernetes CronJob. However often and wherever it runs, a slot has one snapshot.",
  examples: [
    ["policy run", "what is due now"],
    ["policy run nightly --dry-run", "what one policy would do"],
  ],
  async run(session, args) {
    const dryRun = args.flag("dryRun");
    const reports = await runPolicies(session, args, { dryRun, policy: args.optional(0) });
    const targets = reports.flatMap((report) => report.targets);
    const table = {
      columns: ["POLICY", "TARGET", "SNAPSHOT", "PRUNE"],
      rows: targets.map((report) => [report.policy.name, report.target.id, takeCell(report), pruneCell(report)]),
    };
    return {
      json: { dryRun, backends: reports.map(reportJson) },
      text: [
        ...(targets.length === 0 ? ["No policy has targets here."] : [table]),
        ...troubles(reports).map((text): Cell => ({ text, tone: "bad" })),
      ],
      exitCode: reports.every(isWell) ? 0 : foundProblems,
    };
  },
};

const takes: Record<Take["action"], string> = {
  taken: "taken",
  planned: "would be taken",
  present: "there",
  notDue: "not due yet",
  missed: "missed",
  failed: "FAILED",
  stopped: "stopped",
};

function takeCell({ status, reason, take }: TargetReport): Cell {
  if (!take) return { text: `${status}: ${reason ?? ""}`, tone: "warn" };
  const words = [takes[take.action], take.slot, take.reason === undefined ? undefined : `(${take.reason})`];
  const text = words.filter((word) => word !== undefined).join(" ");
  return take.action === "failed" ? { text, tone: "bad" } : text;
}

function pruneCell({ prune }: TargetReport): Cell {
  if (!prune) return "";
  const counted = `${prune.keep.length} kept`;
  const cells: Record<Prune["action"], Cell> = {
    pruned: `${counted}, ${prune.removed.length} removed`,
    planned: `${counted}, ${prune.remove.length} would be removed`,
    nothing: `${counted}, nothing to remove`,
    refused: { text: `refused: ${prune.reason ?? ""}`, tone: "bad" },
    tripped: { text: `FUSE: ${prune.reason ?? ""}`, tone: "bad" },
    failed: { text: `FAILED: ${prune.reason ?? ""}`, tone: "bad" },
    notRun: { text: `not run: ${prune.reason ?? ""}`, tone: "dim" },
    stopped: { text: `${prune.removed.length} removed, then stopped`, tone: "warn" },
  };
  return cells[prune.action];
}
