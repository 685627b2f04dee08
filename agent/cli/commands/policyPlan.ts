import { isWell, type TargetReport } from "../../run/report";
import type { Command } from "../command";
import { foundProblems } from "../exitCodes";
import type { Block, Cell } from "../output/blocks";
import { agentConfigOption, policyArgument, reportJson, runPolicies, troubles } from "../policyRuns";

export const policyPlan: Command = {
  arguments: [policyArgument],
  options: [agentConfigOption],
  details: "Says of every snapshot of a policy whether the next run keeps or removes it, and why. Changes nothing.",
  examples: [
    ["policy plan nightly", "of one policy"],
    ["policy plan --json", "of all, for programs"],
  ],
  async run(session, args) {
    const reports = await runPolicies(session, args, { dryRun: true, policy: args.optional(0) });
    return {
      json: { backends: reports.map(reportJson) },
      text: [
        ...reports.flatMap(({ targets }) => targets.flatMap(planBlocks)),
        ...troubles(reports).map((text): Cell => ({ text, tone: "bad" })),
      ],
      exitCode: reports.every(isWell) ? 0 : foundProblems,
    };
  },
};

function planBlocks({ policy, target, reason, take, prune, names }: TargetReport): Block[] {
  const title: Cell = {
    text: `${policy.name} (${policy.schedule}, ${policy.timezone}) on ${target.id}`,
    tone: "strong",
  };
  if (!take) return [title, { text: `skipped: ${reason ?? ""}`, tone: "warn" }];
  const nameOf = (uid: string) => names?.get(uid)?.split("@")[1] ?? take.name ?? uid;
  const rows: Cell[][] = [
    ...(take.action === "planned" ? [["take", take.slot ?? "", take.reason ?? "it is due"]] : []),
    ...(take.action === "failed"
      ? [[{ text: "FAILED", tone: "bad" } as const, take.slot ?? "", take.reason ?? ""]]
      : []),
    ...(prune?.keep ?? []).map(({ id, reasons }): Cell[] => ["keep", nameOf(id), reasons.join("; ")]),
    ...(prune?.remove ?? []).map(({ id, reason: why }): Cell[] => [
      { text: prune?.action === "planned" ? "remove" : "would remove", tone: "warn" },
      nameOf(id),
      why,
    ]),
  ];
  const stopped = prune?.action === "refused" || prune?.action === "tripped";
  return [
    title,
    ...(rows.length === 0 ? [take.reason ?? "nothing yet"] : [{ columns: ["WHAT", "SNAPSHOT", "WHY"], rows }]),
    ...(stopped ? [{ text: `nothing is removed: ${prune.reason ?? ""}`, tone: "bad" } as const] : []),
  ];
}
