import { z } from "zod";
import { defineKind, type ValuesOf } from "./kind";
import { objectName, poolIdText, snapshotIdText, uidText, volumeIdText } from "./names";
import { byteQuantity, parseBytes } from "./quantity";
import { dataInputs, dataOutputs } from "./shared";

/** How a consumer reaches a volume. Later backends add their own types; switch over `type`. */
export const connection = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("file"),
    /** Absolute path of the disk image on the backend's host. It stays the same for the life of the volume. */
    path: z.string(),
    /** The image's format. Always pass it on (`qemu -drive format=raw`): a format is never to be probed, a guest can forge one. */
    format: z.literal("raw"),
  }),
]);
export type Connection = z.infer<typeof connection>;

function isZero(size: string): boolean {
  const parsed = parseBytes(size);
  return "bytes" in parsed && parsed.bytes === 0;
}

/** What a new volume starts with. Exactly one of them. */
export const volumeSource = z
  .strictObject({
    /** A snapshot, `<backend>/<pool>/<volume>@<snapshot>`. */
    snapshot: snapshotIdText.optional(),
    /** Another volume, `<backend>/<pool>/<volume>`; it must not be in use unless the pool can copy a running disk. */
    volume: volumeIdText.optional(),
  })
  .refine((source) => Object.values(source).filter((value) => value !== undefined).length === 1, {
    error: "give exactly one of snapshot, volume",
  });
export type VolumeSource = z.infer<typeof volumeSource>;

export const volume = defineKind({
  name: "Volume",
  inputs: {
    /** How big the disk is at least, such as "20GiB". It can grow in place; it is never shrunk. */
    size: byteQuantity.refine((size) => !isZero(size), { error: "a volume has at least one byte" }),
    /** The pool it is placed in: a Pool, or the id of one (`<backend>/<pool>`). */
    pool: poolIdText,
    /** The name within the pool. Default: the resource's name in lower case. */
    name: objectName.optional(),
    /** What the disk starts with. Default: zeros. */
    source: volumeSource.optional(),
    ...dataInputs,
    /** Permission to make a new, empty volume where the one with this uid is missing. Without effect on any other object. */
    recreateIfMissing: uidText.optional(),
  },
  outputs: {
    ...dataOutputs,
    /** The size that was asked for, in bytes. */
    sizeBytes: z.number(),
    /** The size that the backend gives, in bytes: more than asked where it rounds up or has grown by itself. */
    actualSizeBytes: z.number(),
    /** How a consumer reaches the disk. */
    connection,
  },
  immutable: ["pool", "name", "source"],
  permissions: ["adopt", "allowDataLoss", "recreateIfMissing"],
});

export type VolumeInputs = ValuesOf<typeof volume.inputs>;
export type VolumeOutputs = ValuesOf<typeof volume.outputs>;
