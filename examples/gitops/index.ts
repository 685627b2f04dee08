import { Pool, Volume } from "krstorage";

const ssd = new Pool("ssd", { backend: "main", trashRetention: "7d" });

const data = new Volume("data", { pool: ssd, size: "64MiB", labels: { team: "platform" } });

export const disk = data.connection;
