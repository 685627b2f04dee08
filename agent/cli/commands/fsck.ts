import type { Command } from "../command";
import { foundProblems } from "../exitCodes";

export const fsck: Command = {
  arguments: [{ name: "<pool>", description: 'a pool, such as "main/ssd"' }],
  options: [
    { flags: "--repair", description: "mend what can be mended without giving up data" },
    { flags: "--accept-copied <identity>", description: "with --repair: take a copied pool folder for the original" },
  ],
  details:
    "Ends with 1 where something is not as it should be and was not mended. Without --repair nothing is changed.",
  examples: [
    ["fsck main/ssd", "look"],
    ["fsck main/ssd --repair", "mend"],
  ],
  async run(session, args) {
    const accepted = args.text("acceptCopied");
    const options = {
      repair: args.flag("repair"),
      ...(accepted === undefined ? {} : { acceptCopied: accepted }),
    };
    const pool = args.needed(0);
    const findings = await session.library.fsck(pool, options);
    const rows = findings.map((finding) => [
      finding.repaired ? { text: "mended", tone: "good" as const } : { text: "found", tone: "bad" as const },
      finding.object,
      finding.message,
    ]);
    return {
      json: { pool, findings },
      text: rows.length === 0 ? [`Pool ${pool} is as it should be.`] : [{ columns: ["", "OBJECT", "WHAT"], rows }],
      exitCode: findings.every((finding) => finding.repaired) ? 0 : foundProblems,
    };
  },
};
