import type { Call, Listing, PoolRef, Prospect } from "../../../provider/drivers/driver";
import type { PoolRecord } from "../../../provider/drivers/record";
import { hasCode } from "../../../provider/model/errors";
import { MemoryDriver } from "../memory";
import { mustHave } from "./objects";

/** Makes an empty list of one that it could not finish. */
export class PartialListAsEmpty extends MemoryDriver {
  override async list(ref: PoolRef, call: Call): Promise<Listing> {
    try {
      return await super.list(ref, call);
    } catch (error) {
      if (!hasCode(error, "UNAVAILABLE")) throw error;
      const record = { ...ref, kind: "pool" } as unknown as PoolRecord;
      return {
        pool: { record, capacity: await this.prospect(ref.name, call) },
        objects: [],
        policies: [],
        damaged: [],
        at: this.env.clock.now(),
      };
    }
  }
}

/** Tells of new pools what one on better storage could do. */
export class PromisesTooMuch extends MemoryDriver {
  override async prospect(name: string, call: Call): Promise<Prospect> {
    const prospect = await super.prospect(name, call);
    return { ...prospect, capabilities: { shareProtocols: ["directory", "nfs", "smb"] } };
  }
}

/** Leaves out what it does not like to say, and calls it all. */
export class ConcealsLimits extends MemoryDriver {
  override async prospect(name: string, call: Call): Promise<Prospect> {
    const { capabilities: { shareSnapshot: _, ...told } = {}, ...room } = await super.prospect(name, call);
    return { ...room, capabilities: told };
  }
}

/** Asks for one page, and never for the next. */
export class ListsOnePage extends MemoryDriver {
  override async list(ref: PoolRef, call: Call): Promise<Listing> {
    const listing = await super.list(ref, call);
    return { ...listing, objects: listing.objects.slice(0, 40) };
  }
}

/** Hands out what it stores, for callers to change. */
export class MutableReference extends MemoryDriver {
  override async list(ref: PoolRef, call: Call): Promise<Listing> {
    const listing = await super.list(ref, call);
    const pool = this.poolOf(this.store.read(), ref);
    return {
      ...listing,
      objects: listing.objects.map((object) => ({ ...object, record: mustHave(pool, object.record.uid).record })),
    };
  }
}
