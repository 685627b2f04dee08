import { randomUUID } from "node:crypto";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { KrStorageError } from "../../../provider/model/errors";
import type { Arguments, Command } from "../command";
import { defaultFile, writeConfigFile, writtenLines } from "../configFile";
import type { Session } from "../session";

export const init: Command = {
  arguments: [
    { name: "[file]", description: `the file to write (default: --config, KRSTORAGE_CONFIG, ./${defaultFile})` },
  ],
  options: [
    { flags: "--backend <name>", description: 'what programs call the backend (default: "main")' },
    { flags: "--type <type>", description: 'its type (default: "local")' },
    { flags: "--path <folder>", description: "of a local backend: the folder its pools are in" },
    { flags: "--set <key=value...>", description: "further options of the backend" },
  ],
  details:
    "Writes a random stackId and one backend, readable for you alone. An existing file is left as it is. On a terminal " +
    "it asks for the folder if none is given; otherwise it asks nothing. Put secrets into the file, not on this line.",
  examples: [
    ["init --path /srv/storage", "./krstorage.yaml with a backend main in that folder"],
    ["init /etc/krstorage.yaml --backend fast --path /mnt/nvme", "another file and name"],
  ],
  async run(session, args) {
    const file = resolve(args.optional(0) ?? session.configFile ?? defaultFile);
    const backend = args.text("backend") ?? "main";
    const type = args.text("type") ?? "local";
    const options = { type, ...(await pathOption(session, args, type)), ...furtherOptions(args) };
    const stackId = randomUUID();
    writeConfigFile(file, { stackId, backends: { [backend]: options } }, "new");
    return {
      json: { file, stackId, backend },
      text: writtenLines(file, `backend ${backend} (${type})`),
    };
  },
};

async function pathOption(session: Session, args: Arguments, type: string): Promise<{ path?: string }> {
  const given = args.text("path");
  if (given !== undefined) return { path: resolve(given) };
  if (type !== "local") return {};
  const standard = join(homedir(), ".local", "share", "krstorage");
  return { path: session.isInteractive ? await ask(session, standard) : standard };
}

async function ask(session: Session, standard: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = (await terminal.question(`Folder for pools [${standard}]: `, { signal: session.signal })).trim();
    return answer === "" ? standard : resolve(answer);
  } catch (error) {
    if (session.signal.aborted) throw session.signal.reason;
    throw error;
  } finally {
    terminal.close();
  }
}

function furtherOptions(args: Arguments): Record<string, string> {
  return Object.fromEntries(
    args.list("set").map((pair) => {
      const at = pair.indexOf("=");
      if (at < 1) throw new KrStorageError("INVALID_ARGUMENT", `--set takes key=value, not "${pair}"`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}
