import type { StoredObject } from "../../../provider/drivers/driver";
import { KrStorageError } from "../../../provider/model/errors";
import { formatPoolId } from "../../../provider/model/names";
import { liveObject, objectDetails } from "../../../provider/storage/contents";
import type { Command, Result } from "../command";
import { obstaclesTo } from "../obstacles";
import type { Cell } from "../output/blocks";
import { showTime } from "../output/time";
import { stackOf } from "../owners";
import type { Session } from "../session";

export const deleteObject: Command = {
  arguments: [{ name: "<id>", description: "a volume, share or snapshot" }],
  options: [{ flags: "--dry-run", description: "say what would happen, and do nothing" }],
  details:
    "The bytes stay in the trash until the pool's trash retention has passed. What is protected, in use or has live " +
    "snapshots is not deleted. What a stack declares is better removed from its program.",
  examples: [
    ["delete main/ssd/rehearsal --dry-run", "what would happen"],
    ["delete main/ssd/rehearsal", "into the trash"],
  ],
  async run(session, args) {
    const id = args.needed(0);
    if (args.flag("dryRun")) return planDelete(session, id);
    const { where, object } = await liveObject(session.storage, id);
    const { uid } = object.record;
    const done = await session.library.delete(id);
    if (done !== "trashed")
      throw new KrStorageError("CONFLICT", `${id} (uid ${uid}) was changed or deleted by someone else just now`);
    const trashed = (await session.storage.view(where, { maxAgeMs: 0 })).byUid(uid);
    return {
      json: { dryRun: false, object: objectDetails(where, trashed ?? object) },
      text: [
        `${id} (uid ${uid}) is in the trash until ${showTime(trashed?.record.expiresAt)}.`,
        `Bring it back with: krstorage undelete ${formatPoolId(where)} ${uid}`,
        ...ownerLine(object),
      ],
    };
  },
};

async function planDelete(session: Session, id: string): Promise<Result> {
  const { where, object } = await liveObject(session.storage, id);
  const { obstacles } = await obstaclesTo(session, where, object);
  const sentences = obstacles.map(({ sentence }) => sentence);
  return {
    json: { dryRun: true, object: objectDetails(where, object), obstacles: sentences },
    text: [
      `Would put ${id} (uid ${object.record.uid}) into the trash of ${formatPoolId(where)}.`,
      ...ownerLine(object),
      ...sentences.map((sentence) => ({ text: `It would be refused now: ${sentence}.`, tone: "warn" as const })),
    ],
  };
}

/** What a stack that declares the object will make of it. */
function ownerLine({ record }: StoredObject): Cell[] {
  const stack = stackOf(record);
  if (stack === undefined) return [];
  return [{ text: `It belongs to ${stack} (${record.owner}); that stack will report it missing.`, tone: "warn" }];
}
