// The end of a run: what was skipped and why, what failed.
import { say } from "./console.mjs";

function list(title, entries) {
  if (entries.length === 0) return;
  say(`\n${title}`);
  for (const entry of entries) say(`  - ${entry}`);
}

/** Both lists, each only if it has entries, and an empty line before what follows them. */
export function printSummary({ skips, failures }) {
  list("Skipped:", skips);
  list("Failed:", failures);
  if (skips.length + failures.length > 0) say();
}
