import { existsSync, lstatSync, readdirSync, readlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { DatabaseSync } from "@photostructure/sqlite";
import type { StorageLibrary } from "../../../provider/storage";
import { describeDisk, describeTree } from "./content";

/** What there is in a pool: as the driver tells it, and as its folder has it. */
export interface PoolState {
  objects: { name: string; uid: string; phase: string; text: string }[];
  /** What contradicts a rule that always holds, whatever was interrupted, as sentences. */
  problems: string[];
}

/** Looks at a pool that nothing works on, without changing it. `root` is its folder. */
export async function observe(storage: StorageLibrary, pool: string, root: string): Promise<PoolState> {
  const view = await storage.storage.view({ backend: "main", pool }, { maxAgeMs: 0 });
  const { connection } = view.all().find((object) => object.connection) ?? {};
  const objects = view
    .all()
    .map((object) => {
      const { name, uid, kind, sizeBytes, consumers } = object.record;
      const folder = join(root, "data", uid);
      const isTree = existsSync(join(folder, "tree"));
      const disk = isTree ? describeTree(join(folder, "tree")) : describeDisk(join(folder, "disk.raw"));
      const used = consumers.length === 0 ? "" : ` used by ${consumers.map((consumer) => consumer.id).join()}`;
      const text = `${kind} ${object.phase} ${object.health} ${sizeBytes}: ${disk}${used}`;
      return { name, uid, phase: object.phase, text };
    })
    .sort((a, b) => (`${a.name} ${a.phase}` < `${b.name} ${b.phase}` ? -1 : 1));
  const problems: string[] = [];
  const expectSame = (what: string, found: unknown, wanted: unknown) => {
    if (JSON.stringify(found) !== JSON.stringify(wanted))
      problems.push(`${what}: ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`);
  };
  if (connection && "path" in connection && !connection.path.startsWith(root))
    problems.push(`a disk is outside of the pool: ${connection.path}`);
  const current = objects.filter(({ phase }) => phase === "live" || phase === "creating").map(({ name }) => name);
  expectSame(
    "names that exist twice",
    current.filter((name, at) => current.indexOf(name) !== at),
    [],
  );
  expectSame("damaged records", view.damaged, []);
  expectSame(
    "objects half done",
    objects.filter(({ phase }) => phase !== "live" && phase !== "trashed"),
    [],
  );
  const counted = view
    .all()
    .filter(({ record }) => record.kind !== "snapshot" || !view.pool.record.capabilities.copyOnWrite);
  expectSame("promised bytes", view.pool.capacity.provisionedBytes, sum(counted.map(({ record }) => record.sizeBytes)));
  expectSame("folders with data", readdirSync(join(root, "data")).sort(), objects.map(({ uid }) => uid).sort());
  expectSame("staging", readdirSync(join(root, ".krstorage", "new")), []);
  const live = view.all().filter(({ phase }) => phase === "live");
  expectSame(
    "links for people",
    links(join(root, "volumes")),
    live.map(({ record }) => `${record.name} -> ${carrierIn(join(root, "data", record.uid))}`).sort(),
  );
  expectSame("fsck", await storage.fsck(`main/${pool}`), []);
  expectSame("integrity_check", integrityOf(join(root, ".krstorage", "pool.db")), ["ok"]);
  const policies = view.policies().map(({ name, uid, generation }) => ({
    name,
    uid,
    phase: "policy",
    text: `policy of generation ${generation}`,
  }));
  expectSame(
    "copies of policies",
    readdirSync(join(root, ".krstorage", "policies")).sort(),
    policies.map(({ uid }) => `${uid}.json`).sort(),
  );
  return { objects: [...objects, ...policies.sort((a, b) => (a.name < b.name ? -1 : 1))], problems };
}

function carrierIn(folder: string): string {
  return join(folder, existsSync(join(folder, "tree")) ? "tree" : "disk.raw");
}

function links(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => lstatSync(join(folder, name)).isSymbolicLink())
    .map((name) => `${name} -> ${resolve(folder, readlinkSync(join(folder, name)))}`)
    .sort();
}

function integrityOf(path: string): unknown[] {
  const database = new DatabaseSync(path);
  try {
    return database
      .prepare("PRAGMA integrity_check")
      .all()
      .flatMap((row) => Object.values(row as object));
  } finally {
    database.close();
  }
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
