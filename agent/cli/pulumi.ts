import { execFile } from "node:child_process";
import { hasCode, KrStorageError, messageOf } from "../../provider/model/errors";
import { quote } from "../../provider/model/names";
import type { Session } from "./session";

export interface StackChoice {
  /** Default: the one that is selected. */
  stack?: string | undefined;
  /** The folder of the project. Default: the current one. */
  cwd?: string | undefined;
}

const timeoutMs = 120_000;
const largestOutputBytes = 512 * 2 ** 20;

/** The state of a stack, as JSON text. Secrets in it stay encrypted. */
export function exportStack(session: Session, choice: StackChoice): Promise<string> {
  return pulumi(session, choice, ["stack", "export"]);
}

/** The configuration of a stack, as JSON text with its secrets in the clear. */
export function stackConfig(session: Session, choice: StackChoice): Promise<string> {
  return pulumi(session, choice, ["config", "--json", "--show-secrets"]);
}

/** The version of the Pulumi CLI on PATH, or undefined where there is none. */
export async function pulumiVersion(session: Session): Promise<string | undefined> {
  try {
    return (await pulumi(session, {}, ["version"])).trim();
  } catch (error) {
    if (hasCode(error, "NOT_FOUND")) return undefined;
    throw error;
  }
}

/** Runs Pulumi's own CLI. Throws NOT_FOUND where it is not on PATH, PRECONDITION_FAILED with its own words where it refuses. */
function pulumi(session: Session, { stack, cwd }: StackChoice, args: string[]): Promise<string> {
  const all = [...args, ...(stack === undefined ? [] : ["--stack", stack]), "--non-interactive"];
  const line = `pulumi ${all.join(" ")}`;
  const options = {
    env: { ...session.env, NO_COLOR: "1", PULUMI_SKIP_UPDATE_CHECK: "true" },
    ...(cwd === undefined ? {} : { cwd }),
    signal: session.signal,
    timeout: timeoutMs,
    maxBuffer: largestOutputBytes,
  };
  return new Promise((resolve, reject) => {
    execFile("pulumi", all, options, (error, stdout, stderr) => {
      if (!error) resolve(stdout);
      else if (session.signal.aborted) reject(new KrStorageError("CANCELLED", `${line} was stopped`));
      else if (error.code === "ENOENT") reject(missing(cwd));
      else if (error.killed) reject(new KrStorageError("TIMEOUT", `${line} took longer than ${timeoutMs / 1000} s`));
      else reject(new KrStorageError("PRECONDITION_FAILED", `${line} failed: ${reasonIn(stderr) || messageOf(error)}`));
    });
  });
}

function missing(cwd: string | undefined): KrStorageError {
  const folder = cwd === undefined ? "" : `, or there is no folder ${quote(cwd, 200)}`;
  return new KrStorageError("NOT_FOUND", `the Pulumi CLI, "pulumi", is not on PATH${folder}`);
}

/** What the CLI says is wrong: its line that begins with "error:", else its last one. */
function reasonIn(stderr: string): string {
  const lines = stderr
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const said = lines.find((line) => line.startsWith("error:")) ?? lines.at(-1) ?? "";
  return quote(said.replace(/^error:\s*/, ""), 500);
}
