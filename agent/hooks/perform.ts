import { execFile } from "node:child_process";
import { KrStorageError, messageOf } from "../../provider/model/errors";
import type { HookAction } from "../config/agentConfig";

const mostOutput = 64 * 1024;

/** Does what a hook says: runs a program, without a shell, or sends a request. Throws when it fails or takes longer than `timeoutMs`. */
export async function perform(action: HookAction, body: string, timeoutMs: number): Promise<void> {
  if (Array.isArray(action)) await runProgram(action, body, timeoutMs);
  else await sendRequest(action, body, timeoutMs);
}

function runProgram([program = "", ...args]: string[], body: string, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    // What it is told stands on its standard input and in one variable, never in its arguments
    const env = { PATH: process.env.PATH ?? "/usr/bin:/bin", KRSTORAGE_HOOK: body };
    const options = { timeout: Math.max(1, timeoutMs), killSignal: "SIGKILL" as const, maxBuffer: mostOutput, env };
    const child = execFile(program, args, options, (error, _stdout, stderr) => {
      if (!error) return resolve();
      const how = error.killed
        ? `did not end within ${timeoutMs} ms`
        : `failed: ${lastLine(stderr) || messageOf(error)}`;
      reject(new KrStorageError("INTERNAL", `${program} ${how}`, { target: program }));
    });
    child.stdin?.on("error", () => undefined); // it may not read what it is told
    child.stdin?.end(body);
  });
}

async function sendRequest(
  { url, headers }: Exclude<HookAction, string[]>,
  body: string,
  timeoutMs: number,
): Promise<void> {
  const where = new URL(url).origin;
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body,
      redirect: "error",
      signal: AbortSignal.timeout(Math.max(1, timeoutMs)),
    });
    if (!response.ok) throw new KrStorageError("INTERNAL", `${where} answered ${response.status}`);
  } catch (error) {
    throw new KrStorageError("INTERNAL", `the hook at ${where} failed: ${messageOf(error)}`, { target: where });
  }
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1)?.slice(0, 200) ?? "";
}
