import { KrStorageError } from "../../../provider/model/errors";
import type { Command } from "../command";

export const key: Command = {
  arguments: [{ name: "<id>", description: "a volume whose connection names a user" }],
  details:
    "Prints the secret that the user in the volume's connection proves itself with, and nothing else: write it to where only " +
    "its consumer reads it. It opens every volume of the pool. No state, record or log holds it.",
  examples: [["key main/ssd/pgdata", "the key of a Ceph pool's user, for a hypervisor's secret or a keyring file"]],
  async run(session, args) {
    const id = args.needed(0);
    const { user, key: secret } = await session.library.key(id);
    if (secret === undefined)
      throw new KrStorageError("UNSUPPORTED", `${id} is opened without a key: its connection says how it is reached`, {
        target: id,
      });
    return { json: { id, user, key: secret }, text: [secret] };
  },
};
