#!/usr/bin/env node
import { run } from "./run";

void run({
  argv: process.argv.slice(2),
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
}).then((exitCode) => {
  // Not process.exit: what has been written to a pipe must reach it
  process.exitCode = exitCode;
});
