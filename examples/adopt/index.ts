import * as pulumi from "@pulumi/pulumi";
import { Pool, Share, Snapshot, SnapshotPolicy, Volume } from "krstorage";

/** The uids of what is to be taken over, by the name it has below. Once that has been done they say nothing, and may stay or go. */
const adopt = new pulumi.Config().getObject<Record<string, string>>("adopt") ?? {};

const ssd = new Pool("ssd", { backend: "main", adopt: adopt.ssd });

const data = new Volume("data", { pool: ssd, size: "64MiB", adopt: adopt.data });
const home = new Share("home", { pool: ssd, size: "64MiB", adopt: adopt.home });
new Snapshot("before", { source: data, adopt: adopt.before });
new SnapshotPolicy("nightly", {
  schedule: "@daily",
  retention: { keepDaily: 7 },
  targets: [data],
  adopt: adopt.nightly,
});

export const disk = data.connection;
export const folder = home.connection;
export const uid = data.uid;
export const urn = data.urn;
