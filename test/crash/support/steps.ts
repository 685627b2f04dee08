import { createHash } from "node:crypto";
import { join } from "node:path";
import { bytesOf } from "../../../provider/model/quantity";
import { KrStorageError, type StorageLibrary } from "../../../provider/storage";
import { poolRef } from "../../../provider/storage/storage";
import { fillDisk, fillTree } from "./content";
import { observe } from "./observe";

/** One thing to do with the library, as data, so that any process can be told to do it. */
export type Step =
  | { do: "createPool" | "deletePool" | "list" | "observe"; pool: string }
  | { do: "fsck"; pool: string; repair: boolean }
  | { do: "create"; pool: string; name: string; size: string; from?: string; labels?: Record<string, string> }
  | { do: "createShare"; pool: string; name: string; from?: string }
  | { do: "createPolicy" | "updatePolicy" | "removePolicy"; pool: string; name: string }
  /** The user's own writing, past the driver; in so many parts, one after the other. */
  | { do: "fill"; pool: string; name: string; seed: number; parts?: number }
  | { do: "grow"; pool: string; name: string; size: string }
  | { do: "snapshot"; pool: string; name: string; as: string }
  | { do: "rollback"; pool: string; name: string; to: string }
  | { do: "use"; pool: string; name: string; consumers: string[] }
  | { do: "delete"; pool: string; name: string }
  /** Both mean the object of that name in the trash. */
  | { do: "undelete" | "purge"; pool: string; name: string };

/** Does one step in the backend `main`, whose folder is `path`; what it returns can be sent to another process. */
export async function perform(storage: StorageLibrary, path: string, step: Step): Promise<unknown> {
  const pool = `main/${step.pool}`;
  switch (step.do) {
    case "createPool":
      return storage.createPool(pool, { reserve: "0B" });
    case "deletePool":
      return storage.deletePool(pool);
    case "list":
      return storage.list(pool);
    case "observe":
      return observe(storage, step.pool, join(path, step.pool));
    case "fsck":
      return storage.fsck(pool, { repair: step.repair });
    case "create": {
      const { name, size, from, labels } = step;
      return storage.createVolume(`${pool}/${name}`, {
        size,
        ...(labels ? { labels } : {}),
        ...(from === undefined ? {} : { from: `${pool}/${from}` }),
      });
    }
    case "createShare": {
      const from = step.from === undefined ? {} : { from: `${pool}/${step.from}` };
      return storage.createShare(`${pool}/${step.name}`, { size: "64KiB", ...from });
    }
    case "createPolicy":
    case "updatePolicy":
    case "removePolicy":
      return changePolicy(storage, step);
    case "fill": {
      const { connection } = await storage.get(`${pool}/${step.name}`);
      if (connection?.type === "directory") return fillTree(connection.path, step.seed);
      if (connection?.type !== "file") throw new Error(`${step.name} has no file`);
      return fillDisk(connection.path, step.seed, step.parts);
    }
    case "grow":
      return grow(storage, step.pool, step.name, bytesOf(step.size));
    case "snapshot":
      return storage.createSnapshot(`${pool}/${step.name}`, step.as);
    case "rollback":
      return rollback(storage, step.pool, step.name, step.to);
    case "use":
      return storage.setConsumers(`${pool}/${step.name}`, step.consumers);
    case "delete":
      return storage.delete(`${pool}/${step.name}`);
    case "undelete":
      return storage.undelete(pool, await trashedUid(storage, step.pool, step.name));
    case "purge":
      return storage.purge(pool, await trashedUid(storage, step.pool, step.name));
  }
}

/** The driver's own growing: the library's is followed by a change of what was asked for, which is another operation. */
async function grow(storage: StorageLibrary, pool: string, name: string, sizeBytes: number): Promise<void> {
  const where = { backend: "main", pool };
  const volume = (await storage.storage.view(where, { maxAgeMs: 0 })).byName(name);
  if (!volume) throw new KrStorageError("NOT_FOUND", `${name} is not there`);
  const { uid, claim } = volume.record;
  await storage.storage
    .backend("main")
    .write(undefined, (driver, call) => driver.grow(poolRef(where), { uid, claim }, sizeBytes, call));
}

/** The driver's own rollback: the library's takes a safety snapshot first, which is another operation. */
async function rollback(storage: StorageLibrary, pool: string, name: string, to: string): Promise<void> {
  const where = { backend: "main", pool };
  const view = await storage.storage.view(where, { maxAgeMs: 0 });
  const [volume, snapshot] = [view.byName(name), view.byName(`${name}@${to}`)];
  if (!volume || !snapshot) throw new KrStorageError("NOT_FOUND", `${name} or its snapshot ${to} is not there`);
  const { uid, claim } = volume.record;
  await storage.storage
    .backend("main")
    .write(undefined, (driver, call) => driver.rollback(poolRef(where), { uid, claim }, snapshot.record.uid, call));
}

/** The driver's own calls: the library's take several pools. A policy's uid and claim follow from its name, so that any process can repeat a step. */
async function changePolicy(storage: StorageLibrary, step: { do: string; pool: string; name: string }): Promise<void> {
  const uid = createHash("sha256").update(step.name).digest("hex").slice(0, 32);
  const { name } = step;
  const match = { uid, claim: `claim-of-${name}` };
  const ref = poolRef({ backend: "main", pool: step.pool });
  const fields = { ...match, name, owner: "crash", requested: {}, labels: {}, generation: 1, targets: [] };
  await storage.storage.backend("main").write(undefined, async (driver, call) => {
    if (step.do === "createPolicy") await driver.createPolicy(ref, fields, call);
    else if (step.do === "updatePolicy") await driver.updatePolicy(ref, match, { generation: 2 }, call);
    else await driver.removePolicy(ref, match, call);
  });
}

async function trashedUid(storage: StorageLibrary, pool: string, name: string): Promise<string> {
  const found = (await storage.list(`main/${pool}`)).find(
    (object) => object.id === `main/${pool}/${name}` && (object.phase === "trashed" || object.phase === "purging"),
  );
  if (!found) throw new KrStorageError("NOT_FOUND", `${name} is not in the trash`);
  return found.uid;
}
