import { z } from "zod";
import { defineKind, type ValuesOf } from "./kind";
import { dataIdText, objectName } from "./names";
import { dataInputs, dataOutputs } from "./shared";

/** `offline`: nothing had the disk open; `crash`: as after a power cut; `app`: the applications were asked to hold still. */
export const consistency = z.enum(["offline", "crash", "app"]);
export type Consistency = z.infer<typeof consistency>;

export const snapshot = defineKind({
  name: "Snapshot",
  inputs: {
    /** What it is taken of: a Volume or Share, or the id of one (`<backend>/<pool>/<name>`). */
    source: dataIdText,
    /** The name among the snapshots of its source. Default: the resource's name in lower case. */
    name: objectName.optional(),
    ...dataInputs,
  },
  outputs: {
    ...dataOutputs,
    /** When it was taken, by the backend's clock (ISO 8601, UTC). */
    createdAt: z.string(),
    /** What the copy is worth: `offline`, `crash` or `app`. */
    consistency,
    /** The size of what it was taken of, in bytes. */
    sizeBytes: z.number(),
    /** The uid of the volume or share that it was taken of. */
    sourceUid: z.string(),
  },
  immutable: ["source", "name"],
  permissions: ["adopt", "allowDataLoss"],
});

export type SnapshotInputs = ValuesOf<typeof snapshot.inputs>;
export type SnapshotOutputs = ValuesOf<typeof snapshot.outputs>;
