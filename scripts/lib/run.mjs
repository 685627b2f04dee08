// Runs programs: by argument list, never through a shell, never with a standard input to wait on.
import { spawn } from "node:child_process";
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { root } from "./paths.mjs";

const windows = process.platform === "win32";

/**
 * Runs a program to its end. With `inherit` its output goes straight to ours, else it is collected.
 * Never throws: a program that could not be started has `code` 127.
 */
export function run(command, args, { cwd = root, env = process.env, inherit = false, timeout, onOutput } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env,
      stdio: ["ignore", inherit ? "inherit" : "pipe", inherit ? "inherit" : "pipe"],
    });
    let stdout = "";
    let stderr = "";
    let timedOut = false;
    const timer =
      timeout &&
      setTimeout(() => {
        timedOut = true;
        child.kill("SIGKILL");
      }, timeout);
    child.stdout?.on("data", (chunk) => {
      stdout += chunk;
      onOutput?.(String(chunk));
    });
    child.stderr?.on("data", (chunk) => {
      stderr += chunk;
      onOutput?.(String(chunk));
    });
    const end = (code, extra = "") => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr: stderr + extra, output: stdout + stderr + extra, timedOut });
    };
    child.on("error", (error) => end(127, error.message));
    child.on("close", (code) => end(code ?? 128));
    // A background process that kept our pipe open must not hold us up: the output read so far is enough.
    child.on("exit", (code) => setTimeout(() => end(code ?? 128), 1000).unref());
  });
}

/** Runs a tool of node_modules by this very Node, so that no PATH and no `.cmd` shim matters. */
export const runTool = (script, args, options) =>
  run(process.execPath, [join(root, "node_modules", script), ...args], options);

/** Runs npm: the one that started us, else the one on PATH (beside Node on Windows, where it is not an executable). */
export function runNpm(args, options) {
  const besideNode = join(dirname(process.execPath), "node_modules", "npm", "bin", "npm-cli.js");
  const script = process.env.npm_execpath?.endsWith("npm-cli.js")
    ? process.env.npm_execpath
    : windows && existsSync(besideNode)
      ? besideNode
      : undefined;
  return script ? run(process.execPath, [script, ...args], options) : run("npm", args, options);
}

/** The full path of a program, searched on PATH and in the folders given; undefined if there is none. */
export function which(name, { path = process.env.PATH ?? "", also = [] } = {}) {
  const endings = windows ? [".exe", ".cmd", ""] : [""];
  for (const folder of [...path.split(delimiter), ...also]) {
    for (const ending of endings) {
      const candidate = join(folder || ".", name + ending);
      try {
        accessSync(candidate, constants.X_OK);
        if (statSync(candidate).isFile()) return candidate;
      } catch {
        // not here
      }
    }
  }
  return undefined;
}

/** The last lines of a program's output, for a message that has to stay readable. */
export const tail = (text, lines = 20) => text.trimEnd().split("\n").slice(-lines).join("\n");
