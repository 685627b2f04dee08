/**
 * What runs in a machine whose power is cut: looks at what survived, has it mended, tells both, and then works on several objects at
 * a time, telling of each step when it begins and when it was answered. Arguments: folder on the machine's disk, boot, file to tell
 * states in.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { openStorage, type StorageLibrary } from "../../../provider/storage";
import { tell } from "./machine";
import type { PoolState } from "./observe";
import { cleanUp } from "./scenarios";
import { perform, type Step } from "./steps";

const pool = "p";
const lanes = 3;
/** How many boots an object is kept: it must survive more than the first cut after it was made. */
const keptBoots = 2;

/** What the machine tells. */
export type Message = { begin: Step } | { done: Step; failed?: string } | "seen" | "ended";

/** One object's life, over and over. */
function life(name: string): Step[] {
  const volume = { pool, name };
  const clone = { pool, name: `${name}-clone` };
  const share = { pool, name: `${name}-share` };
  const policy = { pool, name: `${name}-policy` };
  return [
    { do: "create", ...volume, size: "64KiB" },
    { do: "fill", ...volume, seed: 1, parts: 8 },
    { do: "snapshot", ...volume, as: "s" },
    { do: "grow", ...volume, size: "128KiB" },
    { do: "create", ...clone, size: "64KiB", from: `${name}@s` },
    { do: "fill", ...volume, seed: 2, parts: 8 },
    { do: "delete", ...clone },
    { do: "rollback", ...volume, to: "s" },
    { do: "undelete", ...clone },
    { do: "use", ...volume, consumers: ["vm-1"] },
    { do: "createShare", ...share },
    { do: "createPolicy", ...policy },
    { do: "delete", ...share },
    { do: "updatePolicy", ...policy },
    { do: "undelete", ...share },
    { do: "removePolicy", ...policy },
    { do: "createPolicy", pool, name: `${name}-kept` },
    { do: "delete", ...clone },
    { do: "purge", ...clone },
  ];
}

async function main([path, boot, file]: string[]): Promise<void> {
  if (!path || !boot || !file) throw new Error("arguments are missing");
  mkdirSync(path, { recursive: true, mode: 0o711 });
  const storage = openStorage({ backends: { main: { type: "local", path } }, owner: "guest", stackId: "guest" });
  const step = async (next: Step) => {
    tell({ begin: next });
    const failed = await perform(storage, path, next).then(
      () => undefined,
      (error: Error) => error.stack,
    );
    tell(failed === undefined ? { done: next } : { done: next, failed });
  };
  const state = await survived(storage, path, file);
  tell("seen");
  if (!state) await step({ do: "createPool", pool });
  const old = (state?.objects ?? []).filter(
    ({ name }) => Number(/^b(\d+)/.exec(name)?.[1]) + keptBoots <= Number(boot),
  );
  const roots = [...new Set(old.map(({ name }) => name.replace(/[-@].*/, "")))];
  for (const root of roots) for (const next of cleanUp(pool, root, old)) await step(next);
  await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      for (let count = 0; ; count += 1) for (const next of life(`b${boot}l${lane}n${count}`)) await step(next);
    }),
  );
}

/** The state after recovery, told in a file; undefined where no pool has survived, or none was made. */
async function survived(storage: StorageLibrary, path: string, file: string): Promise<PoolState | undefined> {
  try {
    await storage.list(`main/${pool}`);
  } catch (error) {
    writeFileSync(file, JSON.stringify({ objects: [], problems: [], absent: (error as Error).message }));
    return undefined;
  }
  await storage.fsck(`main/${pool}`, { repair: true });
  const state = (await perform(storage, path, { do: "observe", pool })) as PoolState;
  writeFileSync(file, JSON.stringify(state));
  return state;
}

main(process.argv.slice(2)).catch((error: Error) => tell({ done: { do: "list", pool }, failed: error.stack }));
