import { type Issue, KrStorageError } from "../model/errors";
import { nameProblem } from "../model/names";
import type { NewObject } from "./driver";
import {
  type ObjectRecord,
  objectRecord,
  type PolicyRecord,
  type PoolRecord,
  policyRecord,
  poolRecord,
} from "./record";

/** Sizes must survive rounding up to whole pages and stay exact numbers. */
const largestSize = Number.MAX_SAFE_INTEGER - 4096;

/** What is wrong with the name of a new object, as a sentence: volumes and shares have a name, snapshots `volume@name`. */
export function objectNameProblem(kind: NewObject["kind"], name: string): string | undefined {
  if (kind !== "snapshot") return nameProblem(name);
  const parts = name.split("@");
  if (parts.length !== 2)
    return `"${name.replace(/\p{C}/gu, "?").slice(0, 80)}" is not the name of a snapshot; write <volume or share>@<name>`;
  return parts.map(nameProblem).find((problem) => problem !== undefined);
}

/** Uids become folder names, so nothing but the form that `newUid` gives is let through. */
export function isUid(uid: string): boolean {
  return /^[a-f0-9]{32}$/.test(uid);
}

/** Throws INVALID_ARGUMENT, naming every problem, for a request that no pool could fulfil. */
export function checkNewObject(object: NewObject, where: string): void {
  const issues: Issue[] = [];
  const problem = objectNameProblem(object.kind, object.name);
  if (problem) issues.push({ path: "name", message: problem });
  if (!isUid(object.uid)) issues.push({ path: "uid", message: "a uid is 32 hexadecimal digits" });
  if (object.sourceUid !== undefined && !isUid(object.sourceUid))
    issues.push({ path: "sourceUid", message: "a uid is 32 hexadecimal digits" });
  if (object.image && (object.kind !== "volume" || object.sourceUid !== undefined))
    issues.push({ path: "image", message: "only a volume is made from a file, and from nothing else then" });
  if (object.kind === "snapshot" && object.sourceUid === undefined)
    issues.push({ path: "sourceUid", message: "a snapshot is taken of something: give its uid" });
  if (object.kind !== "snapshot" && object.sizeBytes === undefined && object.sourceUid === undefined)
    issues.push({ path: "sizeBytes", message: `a ${object.kind} has a size` });
  if (object.sizeBytes !== undefined && object.kind !== "snapshot") {
    const wrong = sizeProblem(object.sizeBytes);
    if (wrong) issues.push({ path: "sizeBytes", message: wrong });
  }
  if (issues.length === 0) return;
  throw new KrStorageError(
    "INVALID_ARGUMENT",
    `a ${object.kind} in ${where} cannot be made like this: ${issues.map((issue) => issue.message).join("; ")}`,
    {
      target: where,
      issues,
    },
  );
}

/** Throws INVALID_ARGUMENT for a name or uid that a policy cannot have. */
export function requireNameablePolicy({ name, uid }: { name: string; uid: string }, where: string): void {
  const issues: Issue[] = [];
  const problem = nameProblem(name);
  if (problem) issues.push({ path: "name", message: problem });
  // Uids become file names
  if (!isUid(uid)) issues.push({ path: "uid", message: "a uid is 32 hexadecimal digits" });
  if (issues.length === 0) return;
  throw new KrStorageError(
    "INVALID_ARGUMENT",
    `a policy in ${where} cannot be like this: ${issues.map((issue) => issue.message).join("; ")}`,
    { target: where, issues },
  );
}

export function sizeProblem(sizeBytes: number): string | undefined {
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes <= 0)
    return `${sizeBytes} is not a size; a whole number of bytes above 0 is`;
  return sizeBytes > largestSize ? `${sizeBytes} bytes is more than a disk can have` : undefined;
}

/** A record as it will be read again, which shares nothing with what callers hold. Throws INVALID_ARGUMENT if it would not be readable. */
export function checkedRecord(record: ObjectRecord, what: string): ObjectRecord {
  const parsed = objectRecord.safeParse(asStored(record));
  if (parsed.success) return parsed.data;
  throw unreadable(what, parsed.error.issues);
}
export function checkedPoolRecord(record: PoolRecord, what: string): PoolRecord {
  const parsed = poolRecord.safeParse(asStored(record));
  if (parsed.success) return parsed.data;
  throw unreadable(what, parsed.error.issues);
}
export function checkedPolicyRecord(record: PolicyRecord, what: string): PolicyRecord {
  const parsed = policyRecord.safeParse(asStored(record));
  if (parsed.success) return parsed.data;
  throw unreadable(what, parsed.error.issues);
}

function asStored(record: unknown): unknown {
  return JSON.parse(JSON.stringify(record));
}

function unreadable(what: string, found: { path: PropertyKey[]; message: string }[]): KrStorageError {
  const issues = found.map((issue) => ({ path: issue.path.map(String).join("."), message: issue.message }));
  return new KrStorageError(
    "INVALID_ARGUMENT",
    `the record of ${what} would not be readable: ${issues.map((issue) => `${issue.path}: ${issue.message}`).join("; ")}`,
    {
      target: what,
      issues,
    },
  );
}
