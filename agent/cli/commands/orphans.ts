import { KrStorageError } from "../../../provider/model/errors";
import { formatBytes } from "../../../provider/model/quantity";
import { poolOf } from "../../../provider/storage/arguments";
import { poolContents } from "../../../provider/storage/contents";
import { uidsInFile, uidsInState } from "../checkpoint";
import type { Arguments, Command } from "../command";
import { showTime } from "../output/time";
import { exportStack } from "../pulumi";
import type { Session } from "../session";

export const orphans: Command = {
  arguments: [{ name: "<pool>", description: "the pool to look into" }],
  options: [
    { flags: "--state <file...>", description: 'states as "pulumi stack export" writes them' },
    { flags: "--stack <stack...>", description: "stacks to export from the Pulumi project in --cwd" },
    { flags: "--cwd <folder>", description: "the folder of the Pulumi project (default: this one)" },
  ],
  details:
    "Name every stack that uses the pool: what a stack knows that is not named looks like an orphan. Nothing is " +
    "changed. Snapshots that a person has taken with this program are in no state, so they are listed too.",
  examples: [
    ["orphans main/ssd --state dev.json --state prod.json", "from exported states"],
    ["orphans main/ssd --stack dev --stack prod", "from the stacks of this project"],
  ],
  async run(session, args) {
    const pool = poolOf(args.needed(0));
    const known = await knownUids(session, args);
    const contents = await poolContents(session.storage, pool);
    const objects = contents.objects.filter(({ phase, uid }) => phase === "live" && !known.has(uid));
    const rows = objects.map((object) => [
      object.id,
      object.kind,
      formatBytes(object.sizeBytes),
      showTime(object.createdAt),
      object.uid,
      object.owner,
    ]);
    const columns = ["ID", "KIND", { title: "SIZE", align: "right" as const }, "CREATED", "UID", "OWNER"];
    return {
      json: { objects, damaged: contents.damaged },
      text: rows.length === 0 ? ["The stacks know every object of the pool."] : [{ columns, rows }],
    };
  },
};

async function knownUids(session: Session, args: Arguments): Promise<Set<string>> {
  const [files, stacks] = [args.list("state"), args.list("stack")];
  if (files.length + stacks.length === 0)
    throw new KrStorageError(
      "INVALID_ARGUMENT",
      "which stacks use the pool? Name their states with --state FILE (pulumi stack export > FILE), or the stacks with --stack",
    );
  const known = new Set<string>();
  const add = (uids: string[], where: string) => {
    if (uids.length === 0) session.warn(`${where} holds no object of KRStorage; is it the right one?`);
    for (const uid of uids) known.add(uid);
  };
  for (const file of files) add(uidsInFile(file), file);
  for (const stack of stacks) {
    const where = `stack ${stack}`;
    add(uidsInState(await exportStack(session, { stack, cwd: args.text("cwd") }), where), where);
  }
  return known;
}
