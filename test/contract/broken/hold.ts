import type { Call, Match, PoolRef, RecordChange, StoredObject } from "../../../provider/drivers/driver";
import type { ObjectRecord, PolicyRecord, PoolRecord } from "../../../provider/drivers/record";
import { MemoryDriver, type MemoryPool, type MemoryState } from "../memory";

/** Takes over without writing the new claim, so the holder before still holds it too. */
export class TakeOverWithoutClaim extends MemoryDriver {
  override async update(
    ref: PoolRef,
    match: Match,
    { claim: _claim, ...change }: RecordChange,
    call: Call,
  ): Promise<StoredObject> {
    return super.update(ref, match, change, call);
  }
}

/** Writes whatever the record has become since it was read. */
export class IgnoresRevision extends MemoryDriver {
  protected override assertMatch(record: ObjectRecord | PoolRecord | PolicyRecord, { uid, claim }: Match): void {
    super.assertMatch(record, { uid, claim });
  }
}

/** Lets anybody act who knows the uid. */
export class IgnoresClaim extends MemoryDriver {
  protected override assertMatch(record: ObjectRecord | PoolRecord | PolicyRecord, match: Match): void {
    super.assertMatch(record, { ...match, claim: record.claim });
  }
}

/** Takes a pool for the one that is meant because of its name. */
export class TrustsPoolName extends MemoryDriver {
  protected override poolOf(state: MemoryState, { name }: PoolRef): MemoryPool {
    return super.poolOf(state, { name });
  }
}
