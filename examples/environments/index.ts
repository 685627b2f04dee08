import * as pulumi from "@pulumi/pulumi";
import { classTemplates, Pool, Snapshot, Volume, VolumeClass } from "krstorage";

const config = new pulumi.Config();
const production = config.getBoolean("production") ?? false;

// Only the name of the backend stands here. What "main" is, each stack's configuration says.
const pool = new Pool("databases", { backend: "main", trashRetention: config.get("keepDeleted") ?? "1h" });

const databaseClass = new VolumeClass("database", {
  ...(production ? classTemplates.silver : classTemplates.bronze),
  pools: [pool],
});

const database = new Volume("orders", {
  volumeClass: databaseClass,
  size: config.require("databaseSize"),
  deletionProtection: production,
});

new Snapshot("empty", { source: database });

export const disk = database.connection;
export const id = database.volumeId;
