import { liveObject } from "../../../provider/storage/contents";
import type { Command } from "../command";
import type { Cell } from "../output/blocks";
import { showTime } from "../output/time";

export const holders: Command = {
  arguments: [{ name: "<id>", description: "a volume or snapshot" }],
  details:
    "Shows what has registered as using the object, what holds it, and what this machine sees: open files, locks, " +
    "loop devices. That is a floor, not a proof: other machines and other users' processes may not be seen.",
  examples: [["holders main/ssd/pgdata", "why it cannot be deleted, rolled back or purged"]],
  async run(session, args) {
    const id = args.needed(0);
    const { object } = await liveObject(session.storage, id);
    const { uid, consumers, holds } = object.record;
    const seen = await session.library.holders(id);
    const rows: Cell[][] = [
      ...seen.map((one) => ["sees", one.name, one.writes ? "writes" : "reads"]),
      ...consumers.map((one) => ["registered", one.id, `since ${showTime(one.since)}`]),
      ...holds.map((one) => ["held", one.id, `${one.reason}, since ${showTime(one.since)}`]),
    ];
    return {
      json: { id, uid, inUse: rows.length > 0, holders: seen, consumers, holds },
      text: [rows.length === 0 ? `Nothing is seen using ${id}.` : { columns: ["HOW", "WHO", "DETAILS"], rows }],
    };
  },
};
