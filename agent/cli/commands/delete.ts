import { KrStorageError } from "../../../provider/model/errors";
import { formatPoolId } from "../../../provider/model/names";
import { liveObject, objectDetails } from "../../../provider/storage/contents";
import type { Command, Result } from "../command";
import { keptBy } from "../obstacles";
import { showTime } from "../output/time";
import type { Session } from "../session";

export const deleteObject: Command = {
  arguments: [{ name: "<id>", description: "a volume or snapshot" }],
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
      ],
    };
  },
};

async function planDelete(session: Session, id: string): Promise<Result> {
  const { where, object } = await liveObject(session.storage, id);
  const view = await session.storage.view(where, { maxAgeMs: 0 });
  const snapshots = view
    .all()
    .filter(
      ({ record, phase }) => record.kind === "snapshot" && phase === "live" && record.sourceUid === object.record.uid,
    );
  const obstacles = [
    ...(object.record.protection ? ["it is protected from deletion"] : []),
    ...keptBy(object.record),
    ...(await session.library.holders(id)).map((holder) => `it is in use by ${holder.name}`),
    ...snapshots.map(({ record }) => `it has the live snapshot ${record.name}`),
  ];
  const uid = object.record.uid;
  return {
    json: { dryRun: true, object: objectDetails(where, object), obstacles },
    text: [
      `Would put ${id} (uid ${uid}) into the trash of ${formatPoolId(where)}.`,
      ...obstacles.map((obstacle) => ({ text: `It would be refused now: ${obstacle}.`, tone: "warn" as const })),
    ],
  };
}
