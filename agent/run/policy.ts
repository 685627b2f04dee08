import { z } from "zod";
import type { StoredObject } from "../../provider/drivers/driver";
import { formatVersion, type PolicyRecord } from "../../provider/drivers/record";
import { propertyPath, reasonOf } from "../../provider/model/issues";
import { retention } from "../../provider/model/retentionRules";
import { scheduleText } from "../../provider/model/schedule";
import { defaultKeepAtLeast, type SnapshotPolicyInputs, snapshotPolicy } from "../../provider/model/snapshotPolicy";
import { timezoneText } from "../../provider/model/timezone";

/** A policy as it is run: read from a record, which is foreign input like any other, with its defaults. */
export interface ActingPolicy {
  readonly uid: string;
  readonly name: string;
  /** Who declares it; what hooks it may name depends on it. */
  readonly owner: string;
  readonly generation: number;
  readonly schedule: string;
  readonly timezone: string;
  readonly retention: SnapshotPolicyInputs["retention"];
  readonly keepAtLeast: number;
  readonly maxDeletes: number | undefined;
  readonly consistency: "each" | "group";
  readonly hooks: readonly string[];
  readonly enabled: boolean;
  /** `class`: it came with the class of its one target, and has no record of its own. */
  readonly from: "record" | "class";
  /** Slots from before it was made are not due, ms since 1970. */
  readonly sinceMs: number;
}

/** A policy that cannot be run as it stands, and why. */
export interface PolicyProblem {
  readonly uid: string;
  readonly name: string;
  readonly problem: string;
}

// Strict: an input of a newer version may mean that this one would remove what is to be kept
const requested = z.strictObject(snapshotPolicy.inputs).omit({ labels: true, adopt: true });
const ofClass = z.object({ name: z.string(), schedule: scheduleText, timezone: timezoneText.optional(), retention });

/** Reads the record of a policy. */
export function readPolicyRecord(record: PolicyRecord): ActingPolicy | PolicyProblem {
  const { uid, name, owner, generation } = record;
  if (record.formatVersion > formatVersion)
    return { uid, name, problem: "its record was written by a newer version of krstorage; upgrade this one" };
  const read = requested.safeParse(record.requested);
  if (!read.success) return { uid, name, problem: `its record cannot be used: ${problemsOf(read.error)}` };
  const { schedule, timezone, retention: rules, keepAtLeast, maxDeletes, consistency, hooks, enabled } = read.data;
  if (consistency === "group")
    return { uid, name, problem: 'consistency "group" is not possible on any backend of this version; use "each"' };
  return {
    uid,
    name,
    owner,
    generation,
    schedule,
    timezone: timezone ?? "UTC",
    retention: rules,
    keepAtLeast: keepAtLeast ?? defaultKeepAtLeast,
    maxDeletes,
    consistency: "each",
    hooks: hooks ?? [],
    enabled: enabled ?? true,
    from: "record",
    sinceMs: Date.parse(record.createdAt),
  };
}

/** The policy that came with an object's class, if it is attached; it acts under the object's own uid. */
export function readClassPolicy(object: StoredObject): ActingPolicy | PolicyProblem | undefined {
  const { settings, uid, owner, policies } = object.record;
  const attached = policies?.find((attachment) => attachment.uid === uid);
  if (settings?.policy === undefined || attached === undefined) return undefined;
  const read = ofClass.safeParse(settings.policy);
  if (!read.success)
    return { uid, name: settings.policy.name, problem: `it cannot be used: ${problemsOf(read.error)}` };
  return {
    uid,
    name: read.data.name,
    owner,
    generation: attached.generation,
    schedule: read.data.schedule,
    timezone: read.data.timezone ?? "UTC",
    retention: read.data.retention,
    keepAtLeast: defaultKeepAtLeast,
    maxDeletes: undefined,
    consistency: "each",
    hooks: [],
    enabled: true,
    from: "class",
    sinceMs: Date.parse(object.record.createdAt),
  };
}

function problemsOf(error: z.ZodError): string {
  return error.issues.map((issue) => `${propertyPath(issue.path)}: ${reasonOf(issue)}`).join("; ");
}
