import { holdObject } from "../../../provider/storage/hold";
import type { Command } from "../command";

export const hold: Command = {
  arguments: [{ name: "<id>", description: "a volume, share or snapshot" }],
  options: [
    { flags: "--name <name>", description: "by which it is released (default: backup)" },
    { flags: "--reason <text>", description: "what whoever wants to delete it is told (default: being read)" },
  ],
  details:
    "For whoever reads a snapshot for long: hardly any backend sees that, so nothing else would keep it from being purged. " +
    "The object is not deleted, purged or rolled back until release --hold takes it back.",
  examples: [["hold main/ssd/pgdata@before-upgrade --name backup", "before a backup begins"]],
  async run(session, args) {
    const id = args.needed(0);
    const name = args.text("name") ?? "backup";
    const object = await holdObject(session.storage, id, { name, reason: args.text("reason") ?? "being read" });
    return { json: { object }, text: [`${id} is held by ${name} until that is released.`] };
  },
};
