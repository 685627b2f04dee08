import { parseObjectId, snapshotName } from "../../../provider/model/names";
import type { Command } from "../command";
import { requireFreeName } from "../freeName";

export const snapshot: Command = {
  arguments: [
    { name: "<volume>", description: 'a volume or share, such as "main/ssd/pgdata"' },
    { name: "[name]", description: "of the snapshot (default: manual- and the time, UTC)" },
  ],
  examples: [
    ["snapshot main/ssd/pgdata before-upgrade", "makes main/ssd/pgdata@before-upgrade"],
    ["snapshot main/ssd/pgdata", "named after the time"],
  ],
  async run(session, args) {
    const volume = args.needed(0);
    const name =
      args.optional(1) ??
      `manual-${new Date()
        .toISOString()
        .replace(/[-:]|\.\d+/g, "")
        .toLowerCase()}`;
    const where = parseObjectId(volume);
    // What exists under the name would otherwise be given back as if it had just been taken
    if (where) await requireFreeName(session.storage, { ...where, name: snapshotName(where.name, name) });
    const object = await session.library.createSnapshot(volume, name);
    return { json: { object }, text: [`${object.id} (uid ${object.uid}) was taken.`] };
  },
};
