import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nextRuns, planRetention, simulate, simulatedAt } from "krstorage/retention";
import { KrStorageError, openStorage, type StorageLibrary } from "krstorage/storage";

const schedule = "@daily";
const timezone = "Europe/Vienna";
const retention = { keepDaily: 7, keepWeekly: 4, keepMonthly: 12 };

async function main(): Promise<void> {
  const path = join(process.cwd(), ".local", "storage");
  mkdirSync(path, { recursive: true, mode: 0o711 });
  const storage = openStorage({ backends: { main: { type: "local", path } }, owner: "library-example" });
  try {
    await useDisk(storage);
    await describePool(storage);
  } finally {
    await storage.close();
  }
  lookAhead();
}

/** Makes a disk, and gets back what it held. Run again, it finds what is there. */
async function useDisk(storage: StorageLibrary): Promise<void> {
  await storage.createPool("main/ssd", { trashRetention: "7d" });
  const volume = await storage.createVolume("main/ssd/notes", { size: "16MiB", labels: { app: "notes" } });
  if (volume.connection?.type !== "file") throw new Error("this example reads and writes disks that are files");
  const disk = volume.connection.path;
  writeFileSync(disk, "first", { flag: "r+" });
  // Names of snapshots are the caller's; this one is new at every run
  const { id } = await storage.createSnapshot(volume.id, `run-${Date.now()}`);
  writeFileSync(disk, "spoilt", { flag: "r+" });
  const { safety } = await storage.rollback(id);
  console.log(`${volume.id} reads "${readFileSync(disk, "utf8").slice(0, 5)}" again; what it held is in ${safety?.id}`);
  const { uid } = await storage.applyPolicy("nightly", { schedule, timezone, retention, targets: [volume.id] });
  console.log(`policy nightly has the uid ${uid}`);
}

async function describePool(storage: StorageLibrary): Promise<void> {
  for (const { id, kind, status } of await storage.list("main/ssd")) console.log(id, kind, status);
  // Every failure is a KrStorageError: a code to act on, and a sentence for people
  const error = await storage.growVolume("main/ssd/notes", "1MiB").catch((reason: unknown) => reason);
  if (KrStorageError.isInstance(error)) console.log(`${error.code}: ${error.message}`);
}

/** Retention without any storage: what a policy would do, now and in years. */
function lookAhead(): void {
  const from = new Date("2026-01-01T12:00:00Z");
  console.log(
    "runs next",
    nextRuns(schedule, { timezone, from, count: 2 })
      .map((run) => run.toISOString())
      .join(", "),
  );
  const days = Array.from({ length: 10 }, (_, day) => ({
    id: `day-${day + 1}`,
    time: new Date(Date.UTC(2026, 0, day + 1)),
    owner: "nightly",
  }));
  const plan = planRetention(days, { keepDaily: 7 }, { owner: "nightly", timezone, now: "2026-01-11T00:00:00Z" });
  for (const { id, reason } of plan.remove) console.log(`would remove ${id}: ${reason}`);
  const simulation = simulate(retention, schedule, { from, years: 2, timezone });
  console.log(`in two years ${simulatedAt(simulation, "2027-12-31T00:00:00Z").restorePoints.length} restore points`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
