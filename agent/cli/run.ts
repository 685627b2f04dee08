import { CommanderError } from "commander";
import { createColors } from "picocolors";
import { hasCode, KrStorageError, messageOf } from "../../provider/model/errors";
import type { AgentTiming } from "../daemon/timing";
import type { Result } from "./command";
import { exitCodes } from "./exitCodes";
import { Output } from "./output/output";
import { printable, printableJson } from "./output/printable";
import type { ProgressLine } from "./output/progress";
import { renderBlocks } from "./output/render";
import { createProgram, type GlobalOptions, type Invocation } from "./program";
import { Session } from "./session";
import { abortOnSignals } from "./signals";

/** The process, as far as the CLI uses it. */
export interface Surroundings {
  argv: string[];
  env: NodeJS.ProcessEnv;
  stdin: NodeJS.ReadStream;
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
  /** The time; default: this machine's. Whoever runs the program cannot set it, only a program that has it inside. */
  timing?: AgentTiming;
}

/** Runs one command line and gives its exit code. Throws nothing: whatever goes wrong is one sentence on standard error. */
export async function run(around: Surroundings): Promise<number> {
  const output = new Output(around);
  try {
    const invocation = await parse(around.argv, output);
    return invocation === undefined ? 0 : await perform(invocation, around, output);
  } catch (error) {
    return report(error, around.argv.includes("--json"), output);
  }
}

/** The command that a command line asks for; undefined where it asked for help or the version, which are printed. */
async function parse(argv: string[], output: Output): Promise<Invocation | undefined> {
  let invocation: Invocation | undefined;
  const program = createProgram(output, (asked) => {
    invocation = asked;
  });
  try {
    if (argv.length === 0) program.help({ error: true });
    await program.parseAsync(asHelpOption(argv), { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return undefined;
    throw usageError(error);
  }
  return invocation;
}

/** "help ls" is "ls --help": commander's own help command would not load what it is about. */
function asHelpOption(argv: string[]): string[] {
  const [first, ...words] = argv;
  return first === "help" ? [...words, "--help"] : argv;
}

function usageError(error: CommanderError): Error {
  if (error.code === "commander.help") return new ShownHelp();
  const message = error.message
    .replace(/^error: /, "")
    .replace(/\n/g, " ")
    .replace(/\.$/, "");
  return new KrStorageError("INVALID_ARGUMENT", `${message}; "krstorage --help" shows what there is`);
}

/** Help that was printed since no command was given. */
class ShownHelp extends Error {}

async function perform({ command, args, options }: Invocation, around: Surroundings, output: Output): Promise<number> {
  const progress = showsProgress(options, around) ? openProgress(around.stderr) : undefined;
  const signals = abortOnSignals();
  const session = new Session({
    configFile: options.config,
    env: around.env,
    signal: signals.signal,
    progress: progress?.show,
    isInteractive: around.stdin.isTTY === true && around.stdout.isTTY === true && !options.json,
    timing: around.timing,
    warn: (message) => output.error(`krstorage: ${printable(message)}`),
  });
  try {
    const result = await command.run(session, args);
    progress?.end();
    print(result, options, around, output);
    return result.exitCode ?? 0;
  } catch (error) {
    progress?.end();
    throw error;
  } finally {
    await session.close();
    signals.stop();
  }
}

function print(result: Result, options: GlobalOptions, around: Surroundings, output: Output): void {
  if (options.json) output.line(printableJson(result.json));
  else if (result.text.length > 0) output.line(renderBlocks(result.text, createColors(isColourful(options, around))));
}

/** Colours only for people: on a terminal that has them, unless NO_COLOR says otherwise. */
function isColourful(options: GlobalOptions, { stdout, env }: Surroundings): boolean {
  return options.color && stdout.isTTY === true && !env.NO_COLOR && env.TERM !== "dumb";
}

function showsProgress(options: GlobalOptions, { stderr }: Surroundings): boolean {
  return options.progress || (stderr.isTTY === true && !options.json);
}

/** Loaded only where it is shown: help and wrong command lines are to be instant. */
function openProgress(stream: NodeJS.WriteStream): ProgressLine {
  const { ProgressLine: Line } = require("./output/progress") as typeof import("./output/progress");
  return new Line(stream);
}

function report(error: unknown, isJson: boolean, output: Output): number {
  if (error instanceof ShownHelp) return exitCodes.INVALID_ARGUMENT;
  const known = KrStorageError.isInstance(error)
    ? error
    : new KrStorageError("INTERNAL", `a mistake in KRStorage: ${messageOf(error)}; please report it`);
  const exitCode = exitCodes[known.code];
  if (isJson) output.error(printableJson({ error: { ...known.toJSON(), exitCode } }));
  else output.error(`krstorage: ${printable(known.message)}${outcomeHint(known)}`);
  return exitCode;
}

function outcomeHint(error: KrStorageError): string {
  if (error.outcome === "partial") return " (part of it has happened: look before you repeat it)";
  if (error.outcome === "unknown" && !hasCode(error, "INTERNAL"))
    return " (it may have happened: look before you repeat it)";
  return "";
}
