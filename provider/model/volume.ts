import { z } from "zod";
import { accessModes } from "./accessMode";
import { image } from "./image";
import { defineKind, type ValuesOf } from "./kind";
import { objectName, poolIdText, snapshotIdText, uidText, volumeIdText } from "./names";
import { ioTune, qos } from "./qos";
import { byteQuantity, isNoBytes } from "./quantity";
import { dataInputs, dataOutputs } from "./shared";
import { classDefinition } from "./volumeClass";

/** How a consumer reaches a volume. Later backends add their own types; switch over `type`. */
export const connection = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("file"),
    /** Absolute path of the disk image on the backend's host. It stays the same for the life of the volume. */
    path: z.string(),
    /** The image's format. Always pass it on (`qemu -drive format=raw`): a format is never to be probed, a guest can forge one. */
    format: z.literal("raw"),
    /** Limits that the consumer is to enforce, because the backend cannot: libvirt's `<iotune>`, QEMU's `throttling`. */
    ioTune: ioTune.optional(),
  }),
  z.strictObject({
    type: z.literal("rbd"),
    /** The addresses of the cluster's monitors. */
    monitors: z.array(z.string()),
    /** The pool, by its name in the cluster. */
    pool: z.string(),
    /** The image in it. It stays the same for the life of the volume, and no later image has that name. */
    image: z.string(),
    /** The cephx user that may open the pool's images and nothing else, without "client.". Its key is asked for (`krstorage key`). Absent where KRStorage may make no users. */
    user: z.string().optional(),
  }),
]);
/** How a consumer reaches a volume: `{ type: "file", path, format: "raw", ioTune? }` or `{ type: "rbd", monitors, pool, image, user? }`. Switch over `type`, later backends add their own. */
export type Connection = z.infer<typeof connection>;

/** What a new volume starts with. Exactly one of them. */
export const volumeSource = z
  .strictObject({
    /** A snapshot, `<backend>/<pool>/<volume>@<snapshot>`. */
    snapshot: snapshotIdText.optional(),
    /** Another volume, `<backend>/<pool>/<volume>`; it must not be in use unless the pool can copy a running disk. */
    volume: volumeIdText.optional(),
    /** A file on the backend's host: how a disk that KRStorage did not make is taken in. */
    image: image.optional(),
  })
  .refine((source) => Object.values(source).filter((value) => value !== undefined).length === 1, {
    error: "give exactly one of snapshot, volume, image",
  });
export type VolumeSource = z.infer<typeof volumeSource>;

export const volume = defineKind({
  name: "Volume",
  inputs: {
    /** How big the disk is at least, such as "20GiB". It can grow in place; it is never shrunk. */
    size: byteQuantity.refine((size) => !isNoBytes(size), { error: "a volume has at least one byte" }),
    /** The pool it is placed in: a Pool, or the id of one (`<backend>/<pool>`). With a `volumeClass`, one of its pools; left out, it is chosen from them. */
    pool: poolIdText.optional(),
    /** The class it follows: a VolumeClass, its `definition`, or such data inline. */
    volumeClass: classDefinition.optional(),
    /** The name within the pool. Default: the resource's name in lower case. */
    name: objectName.optional(),
    /** What the disk starts with. Default: zeros. */
    source: volumeSource.optional(),
    /** Who may use it at once. Default: what its class says, else what the pool can do. */
    accessModes: accessModes.optional(),
    /** Limits. Default: those of its class. */
    qos: qos.optional(),
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
  atLeastOneOf: [["pool", "volumeClass"]],
});

/** The inputs of a Volume as plain data. @interface */
export type VolumeInputs = ValuesOf<typeof volume.inputs>;
export type VolumeOutputs = ValuesOf<typeof volume.outputs>;
