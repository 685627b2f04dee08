import { exactBytes } from "../../../provider/model/quantity";
import type { ObjectInfo } from "../../../provider/storage";
import { volumeOf } from "../../../provider/storage/arguments";
import { liveObject } from "../../../provider/storage/contents";
import type { Command } from "../command";
import { requireFreeName } from "../freeName";
import type { Session } from "../session";

export const clone: Command = {
  arguments: [
    { name: "<source>", description: "a volume, share or snapshot" },
    { name: "<new>", description: "the new one, in the same pool" },
  ],
  options: [{ flags: "--size <size>", description: 'larger than the source, such as "40GiB"' }],
  details: "Shares blocks where the file system can, and copies otherwise. A stack takes the clone over with adopt.",
  examples: [
    ["clone main/ssd/pgdata@before-upgrade main/ssd/rehearsal", "a writable copy of a snapshot"],
    ["clone main/ssd/pgdata main/ssd/larger --size 40GiB", "a larger copy of a volume that nothing uses"],
  ],
  async run(session, args) {
    const volume = await cloneTo(session, args.needed(0), args.needed(1), args.text("size"));
    return {
      json: { object: volume },
      text: [
        `${volume.id} (uid ${volume.uid}) was made from ${args.needed(0)}.`,
        `A stack takes it over by declaring it with adopt: "${volume.uid}".`,
      ],
    };
  },
};

/** Makes a volume from a source, or a share from a share's, as large as it unless a size is given. */
export async function cloneTo(session: Session, source: string, target: string, size?: string): Promise<ObjectInfo> {
  await requireFreeName(session.storage, volumeOf(target));
  const { object } = await liveObject(session.storage, source);
  const { kind, sourceKind, sizeBytes } = object.record;
  const settings = { size: size ?? exactBytes(sizeBytes), from: source };
  const isShare = kind === "share" || (kind === "snapshot" && sourceKind === "share");
  return isShare ? session.library.createShare(target, settings) : session.library.createVolume(target, settings);
}
