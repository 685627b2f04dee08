import * as pulumi from "@pulumi/pulumi";
import { Pool } from "krstorage";
import { DesktopPool } from "./desktopPool";

const config = new pulumi.Config();

const ssd = new Pool("ssd", { backend: "main", trashRetention: "7d" });

const office = new DesktopPool("office", {
  pool: ssd,
  desktops: config.getNumber("desktops") ?? 2,
  diskSize: "64MiB",
  userDataSize: "256MiB",
  protect: config.getBoolean("protect") ?? true,
});

export const disks = office.disks;
export const mount = office.userData.mountCommand;
