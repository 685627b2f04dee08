import { parseObjectId } from "../../../provider/model/names";
import { formatBytes } from "../../../provider/model/quantity";
import { liveObject, type ObjectDetails, objectDetails, poolContents } from "../../../provider/storage/contents";
import type { Command } from "../command";
import { askPools, type Gathered } from "../everyPool";
import type { Session } from "../session";
import { unconfigured } from "../unconfigured";

export const du: Command = {
  arguments: [{ name: "[pool|id]", description: "a pool or one object; without it all pools are looked at" }],
  details:
    "The largest first, the trash included. Blocks that snapshots and clones share on btrfs or xfs count for each " +
    "of them, so the sum can be more than what df shows as used.",
  examples: [
    ["du main/ssd", "which objects occupy most of a pool"],
    ["du main/ssd/pgdata", "one object"],
  ],
  async run(session, args) {
    const { found, problems, exitCode } = await objectsOf(session, args.optional(0));
    const objects = found
      .flat()
      .sort((a, b) => (b.allocatedBytes ?? 0) - (a.allocatedBytes ?? 0))
      .map(({ id, uid, kind, phase, sizeBytes, allocatedBytes }) => ({
        id,
        uid,
        kind,
        phase,
        sizeBytes,
        allocatedBytes,
      }));
    const totalBytes = objects.reduce((sum, object) => sum + (object.allocatedBytes ?? 0), 0);
    const rows = objects.map((object) => [
      object.allocatedBytes === undefined ? "?" : formatBytes(object.allocatedBytes),
      formatBytes(object.sizeBytes),
      object.phase,
      object.id,
    ]);
    const unknown = objects.filter((object) => object.allocatedBytes === undefined).length;
    const total = `Total: ${formatBytes(totalBytes)}${unknown === 0 ? "" : `, without ${unknown} whose use the backend cannot tell (?)`}`;
    const right = (title: string) => ({ title, align: "right" as const });
    return {
      json: { objects, totalBytes, problems },
      text:
        rows.length === 0
          ? (unconfigured(session, "There are no objects") ?? ["There are no objects."])
          : [{ columns: [right("USED"), right("SIZE"), "STATE", "ID"], rows }, total],
      exitCode,
    };
  },
};

async function objectsOf(session: Session, target: string | undefined): Promise<Gathered<ObjectDetails[]>> {
  if (target !== undefined && parseObjectId(target)) {
    const { where, object } = await liveObject(session.storage, target);
    return { found: [[objectDetails(where, object)]], problems: [], exitCode: 0 };
  }
  return askPools(session, target, async (pool) => (await poolContents(session.storage, pool)).objects);
}
