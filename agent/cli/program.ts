import { Command as Program } from "commander";
import { Arguments, type Command } from "./command";
import type { Output } from "./output/output";
import { printable } from "./output/printable";
import { type Entry, groups, registry } from "./registry";

/** Options that every command takes. */
export interface GlobalOptions {
  config?: string | undefined;
  json: boolean;
  color: boolean;
  progress: boolean;
}

/** What a command line asks for. */
export interface Invocation {
  command: Command;
  args: Arguments;
  options: GlobalOptions;
}

const helpWidth = 100;

/**
 * The parser of command lines. It knows the names of all commands, and loads only the one that is asked for; `onCommand` is told
 * which that is before anything else of the line is read.
 */
export function createProgram(
  output: Output,
  onInvocation: (invocation: Invocation) => void,
  onCommand: (name: string) => void,
): Program {
  const program = new Program("krstorage")
    .description("Look after storage that KRStorage keeps: pools, volumes, snapshots and their trash.")
    .version(packageVersion())
    .helpCommand(false) // "help ls" is read as "ls --help"
    .exitOverride()
    .configureOutput({
      writeOut: (text) => output.raw(text),
      writeErr: (text) => output.rawError(printableLines(text)),
      outputError: () => undefined, // printed once, where every other error is
      getOutHelpWidth: () => Math.min(process.stdout.columns ?? helpWidth, helpWidth),
    })
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .addHelpText("after", generalHelp);
  addGlobalOptions(program);
  const parents = new Map<string, Program>();
  const loadOnUse = (parent: Program) => parent.hook("preSubcommand", (_parent, sub) => declared.get(sub)?.());
  const declared = new Map<Program, () => void>();
  loadOnUse(program);
  for (const entry of registry) {
    const parent = parentOf(entry, program, parents, loadOnUse);
    const sub = parent.command(wordsOf(entry).at(-1) as string).description(entry.summary);
    if (parent === program) sub.helpGroup(`${entry.group}:`);
    declared.set(sub, () => {
      onCommand(entry.name);
      declare(sub, entry, onInvocation);
    });
  }
  return program;
}

const generalHelp = `
Pools are written <backend>/<pool>, objects <backend>/<pool>/<volume> or <backend>/<pool>/<volume>@<snapshot>.
Backends come from the file that --config or KRSTORAGE_CONFIG names: "krstorage init" writes one,
"krstorage config from-stack" takes them from a Pulumi stack.

Examples:
  krstorage df                   pools and their room
  krstorage ls main/ssd          what is in a pool
  krstorage ls main/ssd --trash  what can be brought back`;

function addGlobalOptions(program: Program): void {
  program
    .option("--config <file>", "the configuration file (default: KRSTORAGE_CONFIG)")
    .option("--json", "print one JSON document, for programs")
    .option("--no-color", "print without colours, as NO_COLOR does")
    .option("--progress", "tell on standard error how far copies are, also where that is no terminal");
}

/** "config show" stands below a command "config" that only groups. */
function parentOf(
  entry: Entry,
  program: Program,
  parents: Map<string, Program>,
  loadOnUse: (parent: Program) => Program,
): Program {
  const [first = "", second] = wordsOf(entry);
  if (second === undefined) return program;
  const known = parents.get(first);
  if (known) return known;
  const parent = program
    .command(first)
    .description(groups[first] ?? "")
    .helpCommand(false)
    .helpGroup(`${entry.group}:`);
  parents.set(first, loadOnUse(parent));
  return parent;
}

export function wordsOf(entry: Entry): string[] {
  return entry.name.split(" ");
}

/** Puts what a command takes into the parser. */
function declare(sub: Program, entry: Entry, onInvocation: (invocation: Invocation) => void): void {
  const command = entry.load();
  sub.description(command.details === undefined ? entry.summary : `${entry.summary}\n\n${command.details}`);
  for (const { name, description } of command.arguments ?? []) sub.argument(name, description);
  for (const { flags, description, required } of command.options ?? []) {
    if (required) sub.requiredOption(flags, description);
    else sub.option(flags, description);
  }
  addGlobalOptions(sub);
  sub.addHelpText("after", exampleHelp(command));
  sub.action(() => {
    const options = sub.opts();
    onInvocation({ command, args: new Arguments(sub.processedArgs, options), options: globalOptions(sub) });
  });
}

function exampleHelp({ examples }: Command): string {
  return ["", "Examples:", ...examples.flatMap(([line, what]) => [`  krstorage ${line}`, `      ${what}`])].join("\n");
}

/** Global options may stand before or after the command's name. */
function globalOptions(sub: Program): GlobalOptions {
  const all: Record<string, unknown>[] = [];
  for (let at: Program | null = sub; at; at = at.parent) all.push(at.opts());
  const config = all.map((options) => options.config).find((value) => typeof value === "string");
  return {
    config: typeof config === "string" ? config : undefined,
    json: all.some((options) => options.json === true),
    color: all.every((options) => options.color !== false),
    progress: all.some((options) => options.progress === true),
  };
}

function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}

function packageVersion(): string {
  return (require("../../../package.json") as { version: string }).version;
}
