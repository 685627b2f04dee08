import type { Command } from "../command";
import { setBackendOption } from "../configFile";

const argument = { name: "<backend>", description: 'its name in the configuration file, such as "main"' };
const details =
  "Changes the configuration file that --config or KRSTORAGE_CONFIG names, and nothing else. A stack that has its " +
  "backends in its own configuration has its own readOnly there.";

export const freeze: Command = {
  arguments: [argument],
  details,
  examples: [["freeze main", "everything that uses this file refuses to change or purge anything in main"]],
  async run(session, args) {
    const [backend, file] = [args.needed(0), session.requireConfigFile()];
    setBackendOption(file, backend, "readOnly", true);
    return {
      json: { backend, readOnly: true, file },
      text: [`Backend ${backend} is frozen: reads work, nothing is changed.`],
    };
  },
};

export const thaw: Command = {
  arguments: [argument],
  details,
  examples: [["thaw main", "the opposite of freeze"]],
  async run(session, args) {
    const [backend, file] = [args.needed(0), session.requireConfigFile()];
    setBackendOption(file, backend, "readOnly", undefined);
    return { json: { backend, readOnly: false, file }, text: [`Backend ${backend} can be changed again.`] };
  },
};
