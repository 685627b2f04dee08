// The first list of a pool by a new process, the opening of its database included. Usage: <workspace> <backends as JSON>
import { createRequire } from "node:module";
import { join } from "node:path";

const [workspace, backends] = process.argv.slice(2);
const { openStorage } = createRequire(join(workspace, "index.js"))("krstorage/storage");
const storage = openStorage({ backends: JSON.parse(backends) });

const started = performance.now();
const { length } = await storage.list("main/ssd");
const ms = performance.now() - started;
await storage.close();
console.log(JSON.stringify({ ms, length }));
