import { type Check, type CheckStatus, checkBackends, checkConfig, checkEngine, checkNode } from "../checks";
import type { Command } from "../command";
import { foundProblems } from "../exitCodes";
import type { Tone } from "../output/blocks";

const tones: Record<CheckStatus, Tone> = { ok: "good", warning: "warn", failed: "bad" };

export const doctor: Command = {
  details:
    "Looks and changes nothing: Node, the configuration file and who may read it, Pulumi's CLI, every backend, its " +
    "folder, rights and file system, how a cluster says it is, its pools, and how far its clock is from this machine's. Ends with 1 if a check failed.",
  examples: [
    ["doctor", "before anything else when something does not work"],
    ["doctor --json", "for a monitor"],
  ],
  async run(session) {
    const checks: Check[] = [checkNode(), await checkEngine(session)];
    const config = checkConfig(session);
    checks.push(...config);
    if (config.every((check) => check.status !== "failed")) checks.push(...(await checkBackends(session)));
    return {
      json: { checks },
      text: [
        {
          columns: ["", "CHECK", "RESULT"],
          rows: checks.map(({ status, check, message }) => [{ text: status, tone: tones[status] }, check, message]),
        },
      ],
      exitCode: checks.some((check) => check.status === "failed") ? foundProblems : 0,
    };
  },
};
