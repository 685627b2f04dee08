import { KrStorageError } from "../model/errors";
import { propertyPath, reasonOf } from "../model/issues";
import { keepsNothing, type RetentionRules, retentionRules } from "../model/retentionRules";

/** Which snapshots are kept: the `retention` of a SnapshotPolicy. @interface */
export type RetentionPolicy = RetentionRules;

/**
 * Reads a policy as foreign input. INVALID_ARGUMENT, with the path of each property that is wrong: a rule with a misspelled name would
 * otherwise be a rule that keeps nothing.
 */
export function readPolicy(policy: RetentionPolicy): RetentionPolicy {
  const read = retentionRules.safeParse(policy);
  if (read.success) return read.data;
  const issues = read.error.issues.map((issue) => ({
    path: propertyPath(["retention", ...issue.path]),
    message: reasonOf(issue),
  }));
  throw new KrStorageError("INVALID_ARGUMENT", issues.map(({ path, message }) => `${path}: ${message}`).join("; "), {
    issues,
  });
}

/** Reads a policy that is to act. One that keeps nothing is INVALID_ARGUMENT: it would remove everything. */
export function readActingPolicy(policy: RetentionPolicy): RetentionPolicy {
  const read = readPolicy(policy);
  if (!keepsNothing(read)) return read;
  const message = "the policy keeps nothing, so nothing is removed by it; give at least one rule, such as keepDaily: 7";
  throw new KrStorageError("INVALID_ARGUMENT", message, { issues: [{ path: "retention", message }] });
}
