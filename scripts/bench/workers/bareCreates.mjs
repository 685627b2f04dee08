// The least that a durable file costs: open, truncate, write, fsync, rename. Usage: <folder> <count> <at once>
import { open, rename } from "node:fs/promises";
import { join } from "node:path";
import { limited } from "../limited.mjs";

const [folder, count, atOnce] = process.argv.slice(2);
const record = Buffer.alloc(1024, "r");

const started = performance.now();
await limited(Number(count), Number(atOnce), async (number) => {
  const temporary = join(folder, `${number}.new`);
  const file = await open(temporary, "wx", 0o600);
  await file.truncate(1024 * 1024);
  await file.write(record, 0, record.length, 0);
  await file.sync();
  await file.close();
  await rename(temporary, join(folder, `${number}.raw`));
});
console.log(JSON.stringify({ ms: performance.now() - started }));
