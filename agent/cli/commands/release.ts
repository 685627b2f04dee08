import { KrStorageError } from "../../../provider/model/errors";
import { releaseUses } from "../../../provider/storage/release";
import type { Command } from "../command";

export const release: Command = {
  arguments: [{ name: "<id>", description: "a volume, share or snapshot" }],
  options: [
    { flags: "--consumer <name>", description: "only this registered user" },
    { flags: "--hold <name>", description: "only this hold" },
    { flags: "--force", description: "needed: only a person can know that a use has really ended" },
  ],
  details:
    "For machines that are gone and backups that were killed. Without --consumer or --hold all of them are taken back. " +
    "What the backend itself sees using the object, such as an open file, still keeps it.",
  examples: [
    ["holders main/ssd/pgdata", "who is registered"],
    ["release main/ssd/pgdata --consumer vm/web --force", "take one back"],
  ],
  async run(session, args) {
    const id = args.needed(0);
    if (!args.flag("force"))
      throw new KrStorageError(
        "INVALID_ARGUMENT",
        `if a machine still uses ${id}, it loses its protection from deletion; look with "krstorage holders ${id}", then add --force`,
      );
    const { object, consumers, holds } = await releaseUses(session.storage, id, {
      consumer: args.text("consumer"),
      hold: args.text("hold"),
    });
    const released = [...consumers, ...holds];
    const text =
      released.length === 0 ? `Nothing was registered on ${id}.` : `Released ${id} from ${released.join(", ")}.`;
    return { json: { object, consumers, holds }, text: [text] };
  },
};
