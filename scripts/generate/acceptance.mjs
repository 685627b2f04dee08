// Which test proves which acceptance case: from the names of the tests.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { inRoot } from "../lib/paths.mjs";

/** The cases: what users of other storage systems have suffered from, as what must hold here. */
const cases = {
  1: "Growing is in place, never a replacement",
  2: "Shrinking is refused at preview, naming both sizes",
  3: "A resize never swaps in an empty disk",
  4: "What was applied is read back, and stays after a restart",
  5: "Adding a member to a group or policy is in place",
  6: "An immutable change is refused with a recipe, before any delete",
  7: "An upgrade of the package makes no difference on an unchanged stack",
  8: "A create that fails after delete-before-replace is recoverable",
  9: "What is replaced can be brought back",
  10: "Adopted objects are protected on the backend, and taking that off is a change of its own",
  11: "Deleted objects can be brought back for a grace period",
  12: "Snapshots yes, deletion never: a volume outlives the stack that gives it up",
  13: "An existing volume is adopted with an empty difference, without create or delete",
  14: "An adopted snapshot policy keeps its rules and targets, and is never replaced",
  15: "An ambiguous match is an error that names the candidates",
  16: "Adopt, drop and adopt again works",
  17: "A volume that grew by itself is no difference and is never shrunk",
  18: "What a backend rounds up is no difference",
  19: "A backend that ignores a change is reported, not looped over",
  20: "A missing volume is shown, and never silently made again empty",
  21: "Healthy objects are not taken for orphans after a restart",
  27: "A clone leaves no temporary snapshots behind",
  28: "A volume with snapshots is not deleted under them",
  29: "Clones of clones are deleted in any order",
  30: "A snapshot survives the loss of its state and is found again",
  31: "Objects that no stack knows are listed",
  32: "Deleting what is gone succeeds",
  33: "Retries never make twins",
  34: "Killed during create, run again: exactly one",
  35: "Capacity is checked for the whole plan, in preview",
  36: "No credential is in the exported state, in logs or in errors",
  37: "Lowering retention prunes at the next run",
  38: "Renaming a policy keeps the snapshots that it has",
  39: "While pruning cannot run, snapshots do not pile up without limit, and somebody is told",
  40: "Keeping twenty never leaves one",
  41: "Runs that overlap make no duplicates of a slot",
  42: "The end of daylight saving makes no extra daily snapshots, and two distinct hourly ones",
  43: "Days begin in the policy's zone, not the host's",
  44: "Every kept and removed snapshot has a stated reason",
  45: "A window can be relative to now, to the latest snapshot, or to a date",
  46: "Skipped runs shorten history only where the policy says so",
  47: "What has expired ends on the backend too",
  48: "What a hook holds still is always let go, also when the caller dies",
  49: "Scheduled snapshots are separable from the user's own",
  53: "Failed creates leave no debris",
};

export function acceptanceDocument() {
  const found = testNames();
  const rows = Object.entries(cases).map(([number, meaning]) => {
    const tests = found.filter(({ name }) => new RegExp(`\\bAC-${number}\\b`).test(name));
    const proof =
      tests.length === 0 ? "none yet" : tests.map(({ name, file }) => `${clean(name)} (\`${file}\`)`).join("<br>");
    return `| AC-${number} | ${meaning} | ${proof} |`;
  });
  return [
    "# Acceptance cases",
    "",
    "Each case is something that users of other storage systems have suffered from. The last column is made from the names of the tests",
    "(`npm run generate`).",
    "",
    "| case | what must hold | proven by |",
    "| --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

function testNames() {
  const names = [];
  for (const file of testFiles("test")) {
    const text = readFileSync(inRoot(file), "utf8");
    for (const [, , name] of text.matchAll(/(["'`])((?:(?!\1)[^\\\n]|\\.)*\bAC-\d+(?:(?!\1)[^\\\n]|\\.)*)\1/g))
      names.push({ name, file });
  }
  return names;
}

function testFiles(folder) {
  return readdirSync(inRoot(folder), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) =>
      entry.isDirectory()
        ? testFiles(join(folder, entry.name))
        : entry.name.endsWith(".ts")
          ? [join(folder, entry.name)]
          : [],
    );
}

const clean = (name) =>
  name
    .replaceAll(/AC-\d+[,:]? ?/g, "")
    .replaceAll("|", "\\|")
    .trim();
