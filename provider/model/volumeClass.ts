import { z } from "zod";
import { accessModes } from "./accessMode";
import { defineKind, type ValuesOf } from "./kind";
import { objectName, poolIdText } from "./names";
import { qos } from "./qos";
import { retention } from "./retentionRules";
import { scheduleText } from "./schedule";
import { labels } from "./shared";
import { timezoneText } from "./timezone";

const inputs = {
  /** The name, for people. Default: the resource's name in lower case. */
  name: objectName.optional(),
  /** The pools that its volumes and shares may be placed in, in order of preference: Pools, or their ids (`<backend>/<pool>`). */
  pools: z
    .array(poolIdText)
    .min(1, { error: "name at least one pool" })
    .refine((pools) => new Set(pools).size === pools.length, { error: "a pool is named twice" }),
  /** `firstFit`: the first of `pools` that has room and can do what is asked; `mostFree`: of those the one with most room. Decided once, when an object is made. Default "firstFit". */
  placement: z.enum(["firstFit", "mostFree"]).optional(),
  /** Limits of its volumes. A volume's own `qos` takes their place. */
  qos: qos.optional(),
  /** Who may use its volumes at once. A volume's own take their place. Default: what the pool can do. */
  accessModes: accessModes.optional(),
  /** What deleting does: `Delete` moves the object to the trash of its pool, `Retain` leaves it where it is, owned by nobody, to be adopted. Default "Delete". */
  reclaimPolicy: z.enum(["Delete", "Retain"]).optional(),
  /** Whether its volumes may grow. Default true. */
  allowExpansion: z.boolean().optional(),
  /** Labels that its volumes and shares get beside their own, which take precedence. */
  labels: labels.optional(),
  /** When snapshots of its volumes are taken; together with `retention`. */
  schedule: scheduleText.optional(),
  /** The IANA time zone of the schedule and of the retention's days. Default "UTC". */
  timezone: timezoneText.optional(),
  /** Which of those snapshots are kept; together with `schedule`. */
  retention: retention.optional(),
};

/** A class as plain data: what a VolumeClass puts out, and what can stand inline in its place. */
export const classDefinition = z
  .strictObject(inputs, { error: "expected a VolumeClass, its definition, or such data inline" })
  .superRefine(({ schedule, retention }, context) => {
    if ((schedule === undefined) === (retention === undefined)) return;
    const missing = schedule === undefined ? "schedule" : "retention";
    context.addIssue({
      code: "custom",
      path: [missing],
      message: `schedule and retention go together; give ${missing} too, or leave the other out`,
    });
  });
/** A class as plain data: what volumes and shares of it are given. @interface */
export type ClassDefinition = z.infer<typeof classDefinition>;

export const volumeClass = defineKind({
  name: "VolumeClass",
  inputs,
  outputs: {
    /** The whole class as plain data, known in previews: what volumes and shares of the class are given. */
    definition: classDefinition,
  },
  immutable: ["name"],
  permissions: [],
  together: [["schedule", "retention"]],
});

export type VolumeClassInputs = ValuesOf<typeof volumeClass.inputs>;
export type VolumeClassOutputs = ValuesOf<typeof volumeClass.outputs>;
