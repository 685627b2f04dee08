// One plan over snapshots in no order, some 32 years of them for every million, by a new process. Usage: <workspace> <count>
import { createRequire } from "node:module";
import { join } from "node:path";

const [workspace, given] = process.argv.slice(2);
const count = Number(given);
const { planRetention } = createRequire(join(workspace, "index.js"))("krstorage/retention");

const owner = "0123456789abcdef0123456789abcdef";
const policy = { keepLast: 10, keepHourly: 48, keepDaily: 14, keepWeekly: 8, keepMonthly: 24, keepYearly: -1 };
const everyMs = 1_000_000;
const step = 7919; // prime, and no divisor of a power of ten: each is visited once
const snapshots = Array.from({ length: count }, (_, n) => {
  const place = (n * step) % count;
  return { id: `s${place}`, time: Date.UTC(1970, 0, 1) + place * everyMs, owner };
});

const started = performance.now();
const { keep, remove } = planRetention(snapshots, policy, { owner, timezone: "Europe/Vienna", maxDeletes: count });
const ms = performance.now() - started;
console.log(JSON.stringify({ ms, decided: keep.length + remove.length }));
