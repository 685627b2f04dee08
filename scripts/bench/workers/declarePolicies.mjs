// Volumes and policies that never run. Usage: <workspace> <backends as JSON> <volumes> <policies>
import { createRequire } from "node:module";
import { join } from "node:path";
import { declarePolicies } from "../policies.mjs";

const [workspace, backends, volumes, policies] = process.argv.slice(2);
const require = createRequire(join(workspace, "index.js"));
const load = (path) => require(join(workspace, "node_modules", "krstorage", "dist", path));
const { Storage } = load("provider/storage/storage.js");
const { resolveConfig } = load("provider/storage/configSources.js");

const storage = new Storage(resolveConfig({ backends: JSON.parse(backends) }));
// A slot of a schedule that was declared today is a year away
await declarePolicies(load, storage, { volumes: Number(volumes), policies: Number(policies), schedule: "@yearly" });
await storage.close();
console.log(JSON.stringify({ volumes }));
