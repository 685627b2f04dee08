import { z } from "zod";
import { defineKind, type ValuesOf } from "./kind";
import { dataIdText, objectName, uidText } from "./names";
import { retention } from "./retentionRules";
import { scheduleText } from "./schedule";
import { labels } from "./shared";
import { timezoneText } from "./timezone";

/** The longest name of a policy: the names of its snapshots begin with it, and also hold its uid and the slot. */
const policyNameLength = 32;

/** The fewest good snapshots that pruning leaves of a target, where a policy does not say. */
export const defaultKeepAtLeast = 3;

const atLeastOne = z.int({ error: "expected a whole number" }).min(1, { error: "at least 1" });
const distinct = (values: readonly string[]) => new Set(values).size === values.length;

export const snapshotPolicy = defineKind({
  name: "SnapshotPolicy",
  inputs: {
    /** The name, at most 32 characters. Its snapshots are named after it; renaming keeps them. Default: the resource's name in lower case. */
    name: objectName
      .refine((name) => name.length <= policyNameLength, {
        error: `the name of a policy has at most ${policyNameLength} characters`,
      })
      .optional(),
    /** When snapshots are taken: five cron fields, such as "30 2 * * *", or @hourly, @daily, @weekly, @monthly, @yearly. */
    schedule: scheduleText,
    /** The IANA time zone of the schedule, and of the days, weeks, months and years of the retention. Default "UTC". */
    timezone: timezoneText.optional(),
    /** Which snapshots are kept. */
    retention,
    /** The fewest good snapshots that pruning leaves of a target. Default 3. */
    keepAtLeast: atLeastOne.optional(),
    /** The most snapshots of a target that one run may remove; more stops pruning until it is approved. Default: twice what a run usually removes, at least 3. */
    maxDeletes: atLeastOne.optional(),
    /** What snapshots are taken of: Volumes and Shares, or their ids (`<backend>/<pool>/<name>`). */
    targets: z.array(dataIdText).refine(distinct, { error: "a target is named twice" }),
    /** `each`: every target by itself, as close together as can be; `group`: all at one instant, where the backend can. Default "each". */
    consistency: z.enum(["each", "group"]).optional(),
    /** Names of hooks that run around a snapshot. The commands stand in the agent's own configuration, never on a backend. */
    hooks: z
      .array(objectName)
      .max(16, { error: "at most 16 hooks" })
      .refine(distinct, { error: "a hook is named twice" })
      .optional(),
    /** Whether the policy runs. Default true. */
    enabled: z.boolean().optional(),
    /** Free key-value pairs, at most 32. */
    labels: labels.optional(),
    /** Take over the existing policy with this uid. Without effect once it is taken over. */
    adopt: uidText.optional(),
  },
  outputs: {
    /** The identity of this very policy. Its snapshots carry it, so they stay its own when it is renamed. */
    uid: uidText,
    /** `ready`, or `missing` when a backend of its targets has no record of it any more. */
    status: z.enum(["ready", "missing"]),
    /** How often what it says has changed. It acts on a target only if both agree on uid and generation. */
    generation: z.int(),
    /** Which state holds the policy. @internal */
    claim: z.string(),
    /** Who declares the policy. @internal */
    owner: z.string(),
  },
  immutable: [],
  permissions: ["adopt"],
});

/** The inputs of a SnapshotPolicy as plain data. @interface */
export type SnapshotPolicyInputs = ValuesOf<typeof snapshotPolicy.inputs>;
export type SnapshotPolicyOutputs = ValuesOf<typeof snapshotPolicy.outputs>;
