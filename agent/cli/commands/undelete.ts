import type { Command } from "../command";

export const undelete: Command = {
  arguments: [
    { name: "<pool>", description: 'a pool, such as "main/ssd"' },
    { name: "<uid>", description: 'of the object, from "krstorage ls <pool> --trash"' },
  ],
  options: [{ flags: "--name <name>", description: "another name, where its own is taken by now" }],
  details: "The object comes back with its bytes and its uid. A stack that is to have it again adopts it.",
  examples: [
    ["undelete main/ssd 3f9a1c0b2d4e5f60718293a4b5c6d7e8", "under the name it had"],
    ["undelete main/ssd 3f9a1c0b2d4e5f60718293a4b5c6d7e8 --name pgdata-old", "beside what has its name now"],
  ],
  async run(session, args) {
    const object = await session.library.undelete(args.needed(0), args.needed(1), args.text("name"));
    return {
      json: { object },
      text: [
        `${object.id} (uid ${object.uid}) is back.`,
        `A stack holds it again by declaring it with adopt: "${object.uid}".`,
      ],
    };
  },
};
