// Runs Jest over some of its projects and gives back the totals.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { stripVTControlCharacters } from "node:util";
import { StepError } from "./console.mjs";
import { inRoot, root } from "./paths.mjs";
import { run, tail } from "./run.mjs";

const minutes = 60_000;

/** How long Jest may take to end once its results are there; longer means that a test left something open. */
const graceToExit = 15_000;

export const noTests = () => ({ passed: 0, failed: 0, skipped: 0, files: 0, failures: [], skips: [] });

export function addTotals(sum, more) {
  for (const key of ["passed", "failed", "skipped", "files"]) sum[key] += more[key];
  sum.failures.push(...more.failures);
  sum.skips.push(...more.skips);
  return sum;
}

const jest = inRoot("node_modules", "jest", "bin", "jest.js");

/** The files that Jest would run. */
export async function listTests({ projects, args = [], env = process.env }) {
  const flags = ["--selectProjects", ...projects, "--listTests", "--json", "--passWithNoTests", ...args];
  const { code, stdout, output } = await run(process.execPath, [jest, ...flags], { env });
  if (code !== 0) throw new StepError(`Jest could not list its tests:\n${tail(output)}`);
  return JSON.parse(stdout);
}

export async function runJest({ projects, workers, args = [], env = process.env, limit = 60 * minutes }) {
  const folder = mkdtempSync(join(tmpdir(), "krstorage-jest-"));
  const report = join(folder, "report.json");
  const read = () => {
    try {
      return JSON.parse(readFileSync(report, "utf8"));
    } catch {
      return undefined;
    }
  };
  const flags = [
    "--selectProjects",
    ...projects,
    `--maxWorkers=${workers}`,
    "--passWithNoTests",
    "--useStderr",
    ...args,
  ];
  const child = spawn(process.execPath, [jest, ...flags], {
    cwd: root,
    env: { ...env, KRSTORAGE_TEST_REPORT: report, NODE_ENV: "test" },
    stdio: ["ignore", "inherit", "pipe"],
  });
  // Jest's own words about which project runs and that one is empty say less than the reporter's lines.
  createInterface({ input: child.stderr }).on("line", (line) => {
    if (!/^(Running .*project|- \w+$|No tests found)/.test(stripVTControlCharacters(line)))
      process.stderr.write(`${line}\n`);
  });
  const exited = new Promise((resolve) => child.on("exit", (code) => resolve(code)));
  let problem;
  const started = Date.now();
  let reportedAt;
  const watch = setInterval(() => {
    if (read()?.isWhole) reportedAt ??= Date.now();
    if (reportedAt && Date.now() - reportedAt > graceToExit)
      problem = "Jest did not end: a test left a handle or a process open";
    else if (Date.now() - started > limit)
      problem = `${projects.join(", ")}: the tests took more than ${Math.round(limit / minutes)} minutes`;
    if (problem) child.kill("SIGKILL");
  }, 1000);
  const code = await exited;
  clearInterval(watch);
  const { totals = noTests(), all = "?", isWhole } = read() ?? {};
  rmSync(folder, { recursive: true, force: true });
  if (code !== 0 && totals.failed === 0) problem ??= `Jest ended with code ${code} (${projects.join(", ")})`;
  if (problem && !isWhole) problem += `; ${totals.files} of ${all} files have run`;
  if (problem) addTotals(totals, { ...noTests(), failed: 1, failures: [problem] });
  return totals;
}
