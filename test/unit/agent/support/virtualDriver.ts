import type { Call, DriverEnv, Listing, PoolRef, StoredObject } from "../../../../provider/drivers/driver";
import { objectRecord } from "../../../../provider/drivers/record";
import { MemoryDriver, type MemoryObject, type MemoryStore } from "../../../contract/memory";

/**
 * The memory driver with a list that does not copy: a year of hourly runs lists a million objects. Whoever gets the list must not write
 * into it, which frozen records make sure of.
 */
export class VirtualDriver extends MemoryDriver {
  constructor(
    store: MemoryStore,
    env: DriverEnv,
    /** What is wrong with objects, by uid. */
    private readonly health: ReadonlyMap<string, StoredObject["health"]>,
  ) {
    super(store, env);
  }

  override async list(ref: PoolRef, call: Call): Promise<Listing> {
    call.signal.throwIfAborted();
    const state = this.store.read();
    const pool = this.poolOf(state, ref);
    const listing: Listing = {
      pool: this.storedPool(pool, state),
      objects: [],
      policies: pool.policies.map((record) => Object.freeze({ ...record })),
      damaged: [],
      at: this.now(state),
    };
    for (const object of pool.objects) {
      const { uid, name, taken } = object.record;
      // Snapshots of policies are many, and no test breaks their records
      if (taken !== undefined || objectRecord.safeParse(object.record).success)
        listing.objects.push(this.listed(object));
      else listing.damaged.push({ uid, name, problem: "its record cannot be read" });
    }
    return listing;
  }

  private listed({ record, phase, bytes }: MemoryObject): StoredObject {
    const frozen = Object.freeze({ ...record });
    const health = this.health.get(record.uid) ?? (bytes === undefined ? "missing" : "ready");
    return {
      record: frozen,
      phase,
      health,
      ...(health === "missing" ? { problem: "its bytes are gone" } : {}),
      actualSizeBytes: record.sizeBytes,
    };
  }
}
