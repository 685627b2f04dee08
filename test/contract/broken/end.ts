import type { Call, Match, PoolRef, StoredObject } from "../../../provider/drivers/driver";
import type { ObjectRecord } from "../../../provider/drivers/record";
import { KrStorageError } from "../../../provider/model/errors";
import { MemoryDriver } from "../memory";
import { storedObject } from "../memory/rules";
import { mustHave } from "./objects";

/** Looks up the name of what it is to delete, and deletes what has that name now. */
export class DeleteByName extends MemoryDriver {
  override async trash(ref: PoolRef, match: Match, retentionMs: number, call: Call): Promise<StoredObject | undefined> {
    const { objects } = await this.list(ref, call);
    const named = objects.find((object) => object.record.uid === match.uid)?.record.name;
    const live = objects.find((object) => object.phase === "live" && object.record.name === named);
    return (
      live &&
      super.trash(
        ref,
        { uid: live.record.uid, claim: match.uid === live.record.uid ? match.claim : live.record.claim },
        retentionMs,
        call,
      )
    );
  }
}

/** Takes the caller's word for what time it is. */
export class PurgesByCallersClock extends MemoryDriver {
  protected override hasExpired(record: ObjectRecord): boolean {
    return Date.parse(record.expiresAt ?? "") <= this.env.clock.now();
  }
}

/** Sets the size to whatever is asked, and cuts off what does not fit. */
export class ResizeShrinks extends MemoryDriver {
  override async grow(ref: PoolRef, match: Match, sizeBytes: number, call: Call): Promise<StoredObject> {
    const { record } = (await this.list(ref, call)).objects.find((object) => object.record.uid === match.uid) ?? {};
    if (!record || record.kind === "snapshot" || !(sizeBytes < record.sizeBytes))
      return super.grow(ref, match, sizeBytes, call);
    await super.update(ref, match, {}, call);
    return this.changePool(ref, call, (pool) => {
      const object = mustHave(pool, match.uid);
      object.record.sizeBytes = sizeBytes;
      object.bytes = Buffer.from(object.bytes ?? "", "base64")
        .subarray(0, sizeBytes)
        .toString("base64");
      return storedObject(object);
    });
  }
}

/** Fails a delete of what is gone. */
export class ThrowsOnSecondDelete extends MemoryDriver {
  override async trash(ref: PoolRef, match: Match, retentionMs: number, call: Call): Promise<StoredObject | undefined> {
    const trashed = await super.trash(ref, match, retentionMs, call);
    if (!trashed) throw new KrStorageError("NOT_FOUND", "there is no such object");
    return trashed;
  }
}
