// The tables of docs/cli.md that come from code: every command, and the exit code of every error code. What is around them is written by hand.
import { readFileSync } from "node:fs";
import { inRoot } from "../lib/paths.mjs";

export function cliDocument() {
  const tables = { commands: commandTable(), "exit codes": exitCodeTable() };
  let text = readFileSync(inRoot("docs", "cli.md"), "utf8");
  for (const [name, table] of Object.entries(tables)) {
    const place = new RegExp(`(<!-- ${name} -->\n)[^]*?(<!-- end -->)`);
    if (!place.test(text)) throw new Error(`docs/cli.md has no place for ${name}`);
    text = text.replace(place, (_all, before, after) => `${before}${table.join("\n")}\n${after}`);
  }
  return text;
}

function commandTable() {
  const source = readFileSync(inRoot("agent", "cli", "registry.ts"), "utf8");
  const entries = [...source.matchAll(/name: "([^"]+)",\s+group: "([^"]+)",\s+summary: "((?:[^"\\]|\\.)+)"/g)];
  if (entries.length !== source.match(/^ {4}load: /gm)?.length) throw new Error("agent/cli/registry.ts cannot be read");
  return [
    "| | command | |",
    "| --- | --- | --- |",
    ...entries.map(([, name, group, summary], index) => {
      const isFirst = entries[index - 1]?.[2] !== group;
      return `| ${isFirst ? group : ""} | \`${name}\` | ${summary} |`;
    }),
  ];
}

function exitCodeTable() {
  const source = readFileSync(inRoot("agent", "cli", "exitCodes.ts"), "utf8");
  const codes = [...source.matchAll(/^ {2}([A-Z_]+): (\d+),$/gm)];
  if (codes.length === 0) throw new Error("agent/cli/exitCodes.ts cannot be read");
  return [
    "| exit code | error code |",
    "| --- | --- |",
    "| 0 | none |",
    "| 1 | none: the command worked and found something wrong (`fsck`, `doctor`) |",
    ...codes.map(([, code, exit]) => `| ${exit} | \`${code}\`${notes[code] ?? ""} |`),
  ];
}

const notes = {
  INVALID_ARGUMENT: ", and command lines that are wrong",
  CANCELLED: ": Ctrl-C, SIGTERM",
};
