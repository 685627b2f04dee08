// Volumes by the library. Usage: <workspace> <backends as JSON> <count> <at once>
import { createRequire } from "node:module";
import { join } from "node:path";
import { limited } from "../limited.mjs";

const [workspace, backends, count, atOnce] = process.argv.slice(2);
const { openStorage } = createRequire(join(workspace, "index.js"))("krstorage/storage");
const storage = openStorage({ backends: JSON.parse(backends) });
await storage.createPool("main/ssd", { reserve: "0B" });

const started = performance.now();
await limited(Number(count), Number(atOnce), (number) =>
  storage.createVolume(`main/ssd/volume-${String(number).padStart(5, "0")}`, { size: "1MiB" }),
);
const ms = performance.now() - started;
await storage.close();
console.log(JSON.stringify({ ms }));
