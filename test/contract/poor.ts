import type { Call, Match, NewObject, PoolRef, StoredObject } from "../../provider/drivers/driver";
import { KrStorageError } from "../../provider/model/errors";
import { MemoryDriver } from "./memory";

/** The memory driver of a backend that has volumes and nothing else: for the other half of cases, the refusals. */
export class PoorDriver extends MemoryDriver {
  override async create(ref: PoolRef, inputs: NewObject, call: Call): Promise<StoredObject> {
    await this.readPool(ref, call);
    if (inputs.sourceUid !== undefined) throw unsupported("copy");
    return super.create(ref, inputs, call);
  }
  override async grow(ref: PoolRef, _match: Match, _sizeBytes: number, call: Call): Promise<StoredObject> {
    await this.readPool(ref, call);
    throw unsupported("grow");
  }
  override async rollback(ref: PoolRef, _match: Match, _snapshotUid: string, call: Call): Promise<StoredObject> {
    await this.readPool(ref, call);
    throw unsupported("roll back");
  }
}

/** What such a backend says about itself. */
export const poor = {
  unsupported: ["snapshot", "clone", "rollback", "grow"],
  capabilities: { trash: false, copyOnWrite: false, onlineSnapshot: "none", shareSnapshot: "none" },
} as const;

function unsupported(what: string): KrStorageError {
  return new KrStorageError("UNSUPPORTED", `this backend cannot ${what}`);
}
