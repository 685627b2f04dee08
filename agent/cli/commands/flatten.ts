import type { Command } from "../command";

export const flatten: Command = {
  arguments: [
    { name: "<volume>", description: 'a volume that was made from another one, such as "main/ssd/rehearsal"' },
  ],
  details:
    "Copies what the volume still shares with what it was made from. Nothing needs that: sources can be deleted and purged " +
    "in any order, and their blocks stay as long as a clone needs them. With this they go earlier. It may be open meanwhile. " +
    "Where copies are independent anyway, such as in local pools, nothing happens.",
  examples: [["flatten main/ssd/rehearsal", "before what it was made from is purged to get room"]],
  async run(session, args) {
    const object = await session.library.flatten(args.needed(0));
    return {
      json: { object },
      text: [`${object.id} (uid ${object.uid}) shares nothing with what it was made from.`],
    };
  },
};
