import type { Call, Match, PoolRef, StoredObject, Undelete } from "../../../provider/drivers/driver";
import { MemoryDriver, type MemoryObject, type MemoryPool } from "../memory";
import { storedObject } from "../memory/rules";
import type { MemoryFiles } from "../memory/state";
import { mustHave } from "./objects";

/** Copies what links lead to. */
export class FollowsLinks extends MemoryDriver {
  protected override copied(source: MemoryObject): string {
    const bytes = super.copied(source);
    if (source.record.kind !== "share" || bytes === "") return bytes;
    const { files, links }: MemoryFiles = JSON.parse(Buffer.from(bytes, "base64").toString());
    for (const [path, target] of Object.entries(links)) files[path] = `what is in ${target}`;
    return Buffer.from(JSON.stringify({ files, links: {} })).toString("base64");
  }
}

/** Copies whatever a share holds at the moment, whoever writes to it. */
export class CopiesWhileWritten extends MemoryDriver {
  protected override assertAtRest(
    source: MemoryObject,
    capabilities: Parameters<MemoryDriver["assertAtRest"]>[1],
  ): void {
    const { isWritten: _, ...quiet } = source;
    super.assertAtRest(quiet, capabilities);
  }
}

/** Takes every snapshot of an object for one that a policy took. */
export class TrashTakesUserSnapshots extends MemoryDriver {
  protected override companionsOf(pool: MemoryPool, { record: { uid } }: MemoryObject): MemoryObject[] {
    return pool.objects.filter(
      ({ phase, record }) => phase === "live" && record.sourceUid === uid && record.kind === "snapshot",
    );
  }
}

/** Ends what policies took when their volume goes into the trash. */
export class TrashDropsPolicySnapshots extends MemoryDriver {
  override async trash(ref: PoolRef, match: Match, retentionMs: number, call: Call): Promise<StoredObject | undefined> {
    const trashed = await super.trash(ref, match, retentionMs, call);
    await this.changePool(ref, call, (pool) => {
      pool.objects = pool.objects.filter(({ record }) => record.trashedWith !== match.uid);
    });
    return trashed;
  }
}

/** Brings an object back and leaves what went with it. */
export class UndeletesAlone extends MemoryDriver {
  override async undelete(ref: PoolRef, request: Undelete, call: Call): Promise<StoredObject> {
    await this.changePool(ref, call, (pool) => {
      for (const { record } of pool.objects) if (record.trashedWith === request.uid) delete record.trashedWith;
    });
    return super.undelete(ref, request, call);
  }
}

/** Lets what went along expire at once. */
export class CompanionsExpireEarly extends MemoryDriver {
  override async trash(ref: PoolRef, match: Match, retentionMs: number, call: Call): Promise<StoredObject | undefined> {
    const trashed = await super.trash(ref, match, retentionMs, call);
    if (!trashed) return undefined;
    return this.changePool(ref, call, (pool) => {
      for (const { record } of pool.objects)
        if (record.trashedWith === match.uid && record.trashedAt) record.expiresAt = record.trashedAt;
      return storedObject(mustHave(pool, match.uid));
    });
  }
}
