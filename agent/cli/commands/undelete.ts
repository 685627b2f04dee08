import type { Command } from "../command";
import { trashedObject } from "../trashed";

export const undelete: Command = {
  arguments: [
    { name: "<pool|id>", description: 'a pool, such as "main/ssd", or the id that the object had' },
    {
      name: "[uid]",
      description: 'of the object, from "krstorage ls <pool> --trash"; or its name, if only one has it',
    },
  ],
  options: [{ flags: "--name <name>", description: "another name, where its own is taken by now" }],
  details: "The object comes back with its bytes and its uid. A stack that is to have it again adopts it.",
  examples: [
    ["undelete main/ssd 3f9a1c0b2d4e5f60718293a4b5c6d7e8", "under the name it had"],
    ["undelete main/ssd/pgdata", "what was deleted under this name, if that is one object"],
    ["undelete main/ssd 3f9a1c0b2d4e5f60718293a4b5c6d7e8 --name pgdata-old", "beside what has its name now"],
  ],
  async run(session, args) {
    const { pool, uid } = await trashedObject(session, args.needed(0), args.optional(1));
    const object = await session.library.undelete(pool, uid, args.text("name"));
    return {
      json: { object },
      text: [
        `${object.id} (uid ${object.uid}) is back.`,
        `A stack holds it again by declaring it with adopt: "${object.uid}".`,
      ],
    };
  },
};
