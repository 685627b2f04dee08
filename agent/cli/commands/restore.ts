import { KrStorageError } from "../../../provider/model/errors";
import { formatObjectId, snapshotIdText } from "../../../provider/model/names";
import { volumeOf } from "../../../provider/storage/arguments";
import { liveObject } from "../../../provider/storage/contents";
import type { Command, Result } from "../command";
import { requireFreeName } from "../freeName";
import { seenHolders } from "../seenHolders";
import type { Session } from "../session";
import { cloneTo } from "./clone";

export const restore: Command = {
  arguments: [{ name: "<snapshot>", description: 'a snapshot, such as "main/ssd/pgdata@before-upgrade"' }],
  options: [
    { flags: "--to <volume>", description: "make a new volume from it; nothing else changes" },
    { flags: "--in-place", description: "put its bytes back into its volume, which nothing may be using" },
    { flags: "--dry-run", description: "say what would happen, and do nothing" },
  ],
  details:
    "In place, the bytes that the volume has now are kept in a safety snapshot first, whose name is printed. What was " +
    "written since the snapshot is then found there.",
  examples: [
    ["restore main/ssd/pgdata@before-upgrade --to main/ssd/pgdata-old", "look at old bytes beside the new ones"],
    ["restore main/ssd/pgdata@before-upgrade --in-place", "go back, after the machine was stopped"],
  ],
  async run(session, args) {
    const [id, to, isInPlace] = [args.needed(0), args.text("to"), args.flag("inPlace")];
    if ((to === undefined) === !isInPlace)
      throw new KrStorageError("INVALID_ARGUMENT", "say either --to <new volume> or --in-place");
    const problem = snapshotIdText.safeParse(id).error?.issues[0]?.message;
    if (problem !== undefined) throw new KrStorageError("INVALID_ARGUMENT", problem, { target: id });
    if (to !== undefined) return args.flag("dryRun") ? planCopy(session, id, to) : restoreCopy(session, id, to);
    return args.flag("dryRun") ? planInPlace(session, id) : restoreInPlace(session, id);
  },
};

async function restoreCopy(session: Session, id: string, to: string): Promise<Result> {
  const volume = await cloneTo(session, id, to);
  return {
    json: { dryRun: false, volume },
    text: [
      `${volume.id} (uid ${volume.uid}) has the bytes of ${id}.`,
      `A stack takes it over by declaring it with adopt: "${volume.uid}".`,
    ],
  };
}

async function restoreInPlace(session: Session, id: string): Promise<Result> {
  const { volume, safety } = await session.library.rollback(id);
  return {
    json: { dryRun: false, volume, ...(safety && { safety }) },
    text: [
      `${volume.id} (uid ${volume.uid}) has the bytes of ${id} again.`,
      ...(safety ? [`What it had before is in ${safety.id}; delete that when it is not needed any more.`] : []),
    ],
  };
}

async function planCopy(session: Session, id: string, to: string): Promise<Result> {
  await liveObject(session.storage, id);
  await requireFreeName(session.storage, volumeOf(to));
  return { json: { dryRun: true, to }, text: [`Would make ${to} with the bytes of ${id}.`] };
}

async function planInPlace(session: Session, id: string): Promise<Result> {
  const { where } = await liveObject(session.storage, id);
  const volumeId = formatObjectId({ ...where, name: where.name.split("@")[0] ?? "" });
  const { object } = await liveObject(session.storage, volumeId);
  const holders = (await seenHolders(session, volumeId)).map((holder) => holder.name);
  const inUse = [...holders, ...object.record.consumers.map((consumer) => consumer.id)];
  return {
    json: { dryRun: true, volume: volumeId, uid: object.record.uid, inUse },
    text: [
      object.rollingBackTo === undefined
        ? `Would keep the bytes of ${volumeId} (uid ${object.record.uid}) in a safety snapshot, then put those of ${id} in their place.`
        : `Would put the bytes of ${id} into ${volumeId} (uid ${object.record.uid}), of which a rollback was interrupted.`,
      ...(inUse.length === 0
        ? []
        : [{ text: `It would be refused now: in use by ${inUse.join(", ")}.`, tone: "warn" as const }]),
    ],
  };
}
