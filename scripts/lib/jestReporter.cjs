// One line for each test file while the tests run, failures in full, and the totals as a file for scripts/test.mjs.
const { relative } = require("node:path");
const { writeFileSync } = require("node:fs");

const indent = "      ";

class Reporter {
  constructor(globalConfig) {
    this.root = globalConfig.rootDir;
    // `-t name` leaves all other tests out: that is no skip worth a word.
    this.leftOut = globalConfig.testNamePattern ? ["todo"] : ["todo", "pending", "disabled"];
    this.running = new Map();
    this.totals = { passed: 0, failed: 0, skipped: 0, files: 0, failures: [], skips: [] };
  }

  name(path) {
    return relative(this.root, path)
      .replace(/^dist\/test\//, "")
      .replace(/\.js$/, "");
  }

  print(text) {
    process.stdout.write(`${text.replace(/^(?=.)/gm, indent)}\n`);
  }

  /** After each file: what has been shown counts, also if the run is ended before its end. */
  report(isWhole) {
    if (process.env.KRSTORAGE_TEST_REPORT)
      writeFileSync(process.env.KRSTORAGE_TEST_REPORT, JSON.stringify({ totals: this.totals, all: this.all, isWhole }));
  }

  onRunStart({ numTotalTestSuites }) {
    this.all = numTotalTestSuites;
    this.timer = setInterval(() => {
      for (const [path, { since, done }] of this.running) {
        const seconds = Math.round((Date.now() - since) / 1000);
        if (seconds >= 20) this.print(`…    ${this.name(path)}: ${seconds} s, ${done} tests done`);
      }
    }, 30_000);
  }

  onTestFileStart(test) {
    this.running.set(test.path, { since: Date.now(), done: 0 });
  }

  onTestCaseResult(test) {
    const entry = this.running.get(test.path);
    if (entry) entry.done += 1;
  }

  onTestFileResult(test, result) {
    this.running.delete(test.path);
    const file = this.name(test.path);
    const skipped = result.testResults.filter(({ status }) => this.leftOut.includes(status));
    const brokenFile = result.testExecError !== undefined && result.testExecError !== null;
    const failed = result.numFailingTests + (brokenFile ? 1 : 0);
    this.totals.files += 1;
    this.totals.passed += result.numPassingTests;
    this.totals.failed += failed;
    this.totals.skipped += skipped.length;
    this.totals.skips.push(...skipped.map(({ fullName }) => `${file}: ${fullName}`));
    if (brokenFile) this.totals.failures.push(`${file}: the file could not be run`);
    for (const { status, fullName } of result.testResults) {
      if (status === "failed") this.totals.failures.push(`${file}: ${fullName}`);
    }
    const counts = [`${result.numPassingTests} passed`];
    if (failed > 0) counts.push(`${failed} FAILED`);
    if (skipped.length > 0) counts.push(`${skipped.length} skipped`);
    const seconds = ((result.perfStats.end - result.perfStats.start) / 1000).toFixed(1);
    this.print(`${failed > 0 ? "FAIL" : "ok  "} ${file}: ${counts.join(", ")} (${seconds} s)`);
    if (result.failureMessage) this.print(result.failureMessage.trimEnd());
    // What a test printed is part of explaining its failure; of a passing one it is noise.
    if (failed > 0) for (const { message } of result.console ?? []) this.print(message);
    this.report(false);
  }

  onRunComplete(_contexts, results) {
    clearInterval(this.timer);
    if (results.runExecError) {
      this.totals.failed += 1;
      this.totals.failures.push(`Jest: ${results.runExecError.message}`);
    }
    if (results.wasInterrupted) {
      this.totals.failed += 1;
      this.totals.failures.push("the run was interrupted");
    }
    this.report(true);
  }

  getLastError() {}
}

module.exports = Reporter;
