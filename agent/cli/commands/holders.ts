import { liveObject } from "../../../provider/storage/contents";
import type { Command } from "../command";
import { obstaclesTo } from "../obstacles";

export const holders: Command = {
  arguments: [{ name: "<id>", description: "a volume, share or snapshot" }],
  details:
    "Everything that would keep the object from being deleted, as delete --dry-run says it: its protection, who has " +
    "registered as using it, what holds it, its live snapshots, and what this machine sees: open files, locks, loop " +
    "devices. That is a floor, not a proof: other machines and other users' processes may not be seen.",
  examples: [["holders main/ssd/pgdata", "why it cannot be deleted, rolled back or purged"]],
  async run(session, args) {
    const id = args.needed(0);
    const { where, object } = await liveObject(session.storage, id);
    const { uid, consumers, holds, protection } = object.record;
    const { obstacles, seen, snapshots } = await obstaclesTo(session, where, object);
    const inUse = seen.length + consumers.length + holds.length > 0;
    const sentences = obstacles.map(({ sentence }) => sentence);
    return {
      json: { id, uid, inUse, holders: seen, consumers, holds, protection, snapshots, obstacles: sentences },
      text: [
        obstacles.length === 0
          ? `Nothing is seen using ${id}, and nothing keeps it from being deleted.`
          : {
              columns: ["WHAT", "WHO", "DETAILS"],
              rows: obstacles.map(({ what, who, details }) => [what, who, details]),
            },
      ],
    };
  },
};
