import * as pulumi from "@pulumi/pulumi";
import { Pool, Share, Snapshot, SnapshotPolicy, Volume } from "krstorage";
import { Machine } from "./machine";

const config = new pulumi.Config();

// Where "main" is stands in the stack's configuration: a folder here, a Ceph cluster elsewhere. The program stays the same.
const ssd = new Pool("ssd", { backend: "main", trashRetention: "24h" });

const data = new Volume("data", { pool: ssd, size: "64MiB", labels: { app: "quickstart" } });

// Something that uses the disk. It is made after the volume, and destroyed before it.
// In Ceph a machine has a user and a key of its own; a file needs none.
const machine = new Machine("web", {
  disk: data.connection,
  user: config.get("diskUser"),
  keyring: config.get("diskKeyring"),
});

new Snapshot("first-boot", { source: data }, { dependsOn: machine });

// A folder for several at once: in Ceph it is mounted, here it is one of this machine's
const home = new Share("home", { pool: ssd, size: "64MiB", labels: { app: "quickstart" } });

// Kept in the pool, beside the volume. `krstorage agent` takes these snapshots, and removes those that are not to be kept
new SnapshotPolicy("hourly", {
  schedule: "@hourly",
  retention: { keepHourly: 6, keepDaily: 7 },
  targets: [data],
});

export const volume = data.id;
export const disk = data.connection;
export const boots = machine.boots;
export const mount = home.connection.apply(({ mountCommand }) => mountCommand);
