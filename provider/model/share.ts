import { z } from "zod";
import { defineKind, type ValuesOf } from "./kind";
import { objectName, poolIdText, shareIdText, snapshotIdText, uidText } from "./names";
import { networkAddress } from "./network";
import { byteQuantity, isNoBytes } from "./quantity";
import { dataInputs, dataOutputs } from "./shared";
import { classDefinition } from "./volumeClass";

/** How a share is reached: a path on the backend's host, or one of the network protocols. */
export const shareProtocol = z.enum(["directory", "cephfs", "nfs", "smb"], {
  error: "protocols are directory, cephfs, nfs, smb",
});
export type ShareProtocol = z.infer<typeof shareProtocol>;

/** Who may reach a share, and how. */
export const shareAccess = z.strictObject({
  /** A network in CIDR notation ("10.0.0.0/24", "fd00::/64") or one address. */
  client: networkAddress,
  /** `ro`: reading only, `rw`: writing too. Default "rw". */
  mode: z.enum(["ro", "rw"]).optional(),
  /** Whose identity the client's root has: `none` its own, `root` an unprivileged one, `all` everybody has an unprivileged one. Default "root". */
  squash: z.enum(["none", "root", "all"]).optional(),
});
export type ShareAccess = z.infer<typeof shareAccess>;

/** What is to be mounted. */
const mount = {
  /** The mount's source, as `mount` takes it. */
  source: z.string(),
  /** The type of the file system, as `mount -t` takes it; `none` for a bind mount. */
  fileSystem: z.string(),
  /** Mount options. */
  options: z.array(z.string()),
};

/** How a share is reached. Later backends add their own types; switch over `type`. */
export const shareConnection = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("directory"),
    /** Absolute path of the folder on the backend's host. It stays the same for the life of the share. */
    path: z.string(),
    ...mount,
    /** A command that mounts it at `/mnt/<name>`, quoted for a POSIX shell. */
    mountCommand: z.string(),
  }),
  z.strictObject({
    type: z.literal("cephfs"),
    /** The addresses of the cluster's monitors. */
    monitors: z.array(z.string()),
    /** The CephFS file system, by its name in the cluster. */
    cephFilesystem: z.string(),
    /** Absolute path of the share in it. It stays the same for the life of the share, and no later share has it. */
    path: z.string(),
    /** The cephx user, without "client.", that may reach this path and nothing else. Its key is new when the share comes back from the trash. */
    user: z.string(),
    ...mount,
    /** A command that has Linux's own client mount it at `/mnt/<name>`, quoted for a POSIX shell. It reads the key from `/etc/ceph/client.<user>.secret`. */
    mountCommand: z.string(),
    /** The same with ceph-fuse, which reads the key from `/etc/ceph/ceph.client.<user>.keyring`. */
    fuseCommand: z.string(),
    /** A command that prints the user's key, for whoever may read it: the key itself is in no output and no state. */
    keyCommand: z.string(),
  }),
]);
/** How a consumer reaches a share: `{ type: "directory", path, source, fileSystem, options, mountCommand }`, or `{ type: "cephfs", … }` with what CephFS needs beside that. Switch over `type`, later backends add their own. */
export type ShareConnection = z.infer<typeof shareConnection>;

/** What a new share starts with. Exactly one of them. */
export const shareSource = z
  .strictObject({
    /** A snapshot of a share, `<backend>/<pool>/<share>@<snapshot>`. */
    snapshot: snapshotIdText.optional(),
    /** Another share, `<backend>/<pool>/<share>`. */
    share: shareIdText.optional(),
  })
  .refine((source) => Object.values(source).filter((value) => value !== undefined).length === 1, {
    error: "give exactly one of snapshot, share",
  });
export type ShareSource = z.infer<typeof shareSource>;

export const share = defineKind({
  name: "Share",
  inputs: {
    /** How much may be stored in it, such as "100GiB". Whether the backend holds it to that, or only records it, say the capabilities of its pool. It is never lowered. */
    size: byteQuantity.refine((size) => !isNoBytes(size), { error: "a share has at least one byte" }),
    /** The pool it is placed in: a Pool, or the id of one (`<backend>/<pool>`). With a `volumeClass`, one of its pools; left out, it is chosen from them. */
    pool: poolIdText.optional(),
    /** The class it follows: a VolumeClass, its `definition`, or such data inline. */
    volumeClass: classDefinition.optional(),
    /** The name within the pool. Default: the resource's name in lower case. */
    name: objectName.optional(),
    /** How it is reached. Default: the first protocol that its pool serves. */
    protocol: shareProtocol.optional(),
    /** Who may reach it over the network. Where the pool cannot enforce it (`directory`), it is only recorded. */
    access: z.array(shareAccess).max(256, { error: "at most 256 access entries" }).optional(),
    /** What the share starts with. Default: nothing. */
    source: shareSource.optional(),
    ...dataInputs,
    /** Permission to make a new, empty share where the one with this uid is missing. Without effect on any other object. */
    recreateIfMissing: uidText.optional(),
  },
  outputs: {
    ...dataOutputs,
    /** The size that was asked for, in bytes. */
    sizeBytes: z.number(),
    /** How a consumer reaches the share. */
    connection: shareConnection,
  },
  immutable: ["pool", "name", "source", "protocol"],
  permissions: ["adopt", "allowDataLoss", "recreateIfMissing"],
  atLeastOneOf: [["pool", "volumeClass"]],
});

/** The inputs of a Share as plain data. @interface */
export type ShareInputs = ValuesOf<typeof share.inputs>;
export type ShareOutputs = ValuesOf<typeof share.outputs>;
