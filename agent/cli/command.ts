import type { Block } from "./output/blocks";
import type { Session } from "./session";

/** One argument of a command: `<id>` is needed, `[id]` is not. */
export interface ArgumentDeclaration {
  name: string;
  description: string;
}
/** One option of a command. `flags` as commander spells them: "--uid <uid>", "--all", "--state <file...>". */
export interface OptionDeclaration {
  flags: string;
  description: string;
  required?: boolean;
}

/** What a command takes and does. Its name and summary stand in the registry, so that help needs no command loaded. */
export interface Command {
  arguments?: ArgumentDeclaration[];
  options?: OptionDeclaration[];
  /** More than the summary says: what it changes, and what it never does. */
  details?: string;
  /** Command lines without the leading "krstorage", each with what it does. */
  examples: [line: string, what: string][];
  run(session: Session, args: Arguments): Promise<Result>;
}

/** What a command has found or done: once for programs, once for people. */
export interface Result {
  /** What `--json` prints. Fields are only ever added to these shapes. */
  json: object;
  text: Block[];
  /** Other than 0 where the answer itself is bad news, such as damage that a check has found. */
  exitCode?: number;
}

/** The words of a command line after the command's name. */
export class Arguments {
  constructor(
    private readonly positional: readonly unknown[],
    private readonly options: Readonly<Record<string, unknown>>,
  ) {}

  /** An argument that the command declares as needed. */
  needed(index: number): string {
    return String(this.positional[index]);
  }
  optional(index: number): string | undefined {
    const value = this.positional[index];
    return value === undefined ? undefined : String(value);
  }
  text(option: string): string | undefined {
    const value = this.options[option];
    return typeof value === "string" ? value : undefined;
  }
  list(option: string): string[] {
    const value = this.options[option];
    return Array.isArray(value) ? value.map(String) : [];
  }
  flag(option: string): boolean {
    return this.options[option] === true;
  }
}
