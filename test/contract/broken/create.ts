import { setImmediate as nextTurn } from "node:timers/promises";
import type { Call, NewObject, PoolRef, StoredObject } from "../../../provider/drivers/driver";
import { KrStorageError } from "../../../provider/model/errors";
import { MemoryDriver, type MemoryPool } from "../memory";
import { storedObject } from "../memory/rules";
import { mustHave, removeObjects } from "./objects";

/** Publishes by renaming onto the name: whoever comes second replaces what the first one made. */
export class RenamePublish extends MemoryDriver {
  override async create(ref: PoolRef, inputs: NewObject, call: Call): Promise<StoredObject> {
    const { objects } = await this.list(ref, call);
    if (objects.some((object) => object.phase === "live" && object.record.name === inputs.name))
      throw new KrStorageError("ALREADY_EXISTS", "taken");
    return super.create(ref, inputs, call);
  }
  protected override assertFree(pool: MemoryPool, name: string, uid?: string): void {
    removeObjects(pool, (record) => record.name === name && record.uid !== uid && record.trashedAt === undefined);
    super.assertFree(pool, name, uid);
  }
}

/** Takes only names for exclusive: a policy that was renamed takes a slot twice. */
export class SlotByName extends MemoryDriver {
  protected override assertSlotFree(): void {}
}

/** Copies the record of the source along with its bytes. */
export class CloneKeepsUid extends MemoryDriver {
  override async create(ref: PoolRef, inputs: NewObject, call: Call): Promise<StoredObject> {
    await super.create(ref, inputs, call);
    return this.changePool(ref, call, (pool) => {
      const copy = mustHave(pool, inputs.uid);
      const source = pool.objects.find((object) => object.record.uid === inputs.sourceUid);
      if (source && inputs.kind === "volume")
        Object.assign(copy.record, structuredClone(source.record), { name: inputs.name });
      return storedObject(copy);
    });
  }
}

/** Cleans up after a create that was aborted, although others can see its object already. */
export class UndoesPublished extends MemoryDriver {
  override async create(ref: PoolRef, inputs: NewObject, call: Call): Promise<StoredObject> {
    const made = await super.create(ref, inputs, call);
    for (let turn = 0; turn < 5; turn++) await nextTurn();
    if (!call.signal.aborted) return made;
    this.store.change((state) =>
      removeObjects(state.pools[ref.name] as MemoryPool, (record) => record.uid === inputs.uid),
    );
    throw new KrStorageError("CANCELLED", "cancelled, and undone");
  }
}

/** Does a repeated create once more, over what the first one made. */
export class ForgetsIdempotency extends MemoryDriver {
  override async create(ref: PoolRef, inputs: NewObject, call: Call): Promise<StoredObject> {
    await this.changePool(ref, call, (pool) =>
      removeObjects(
        pool,
        (record) => record.uid === inputs.uid && record.name === inputs.name && record.trashedAt === undefined,
      ),
    );
    return super.create(ref, inputs, call);
  }
}

/** Gives a create what the trash has under its name. */
export class ResurrectsTrash extends MemoryDriver {
  override async create(ref: PoolRef, inputs: NewObject, call: Call): Promise<StoredObject> {
    const { objects } = await this.list(ref, call);
    const old = objects.find((object) => object.phase === "trashed" && object.record.name === inputs.name);
    return old
      ? super.undelete(ref, { uid: old.record.uid, claim: inputs.claim }, call)
      : super.create(ref, inputs, call);
  }
}

/** Shows a clone under its name while its bytes are still being copied. */
export class PublishesEarly extends MemoryDriver {
  override async create(ref: PoolRef, inputs: NewObject, call: Call): Promise<StoredObject> {
    const { sourceUid, ...empty } = inputs;
    if (sourceUid === undefined || inputs.kind === "snapshot") return super.create(ref, inputs, call);
    await super.create(ref, empty, call);
    for (let turn = 0; turn < 5; turn++) await nextTurn();
    return this.changePool(ref, call, (pool) => {
      const copy = mustHave(pool, inputs.uid);
      copy.record.sourceUid = sourceUid;
      copy.bytes = mustHave(pool, sourceUid).bytes ?? "";
      return storedObject(copy);
    });
  }
}
