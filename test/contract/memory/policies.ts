import type { Call, Match, NewPolicy, PolicyChange, PoolRef } from "../../../provider/drivers/driver";
import {
  formatVersion,
  type ObjectRecord,
  type PolicyRecord,
  type PoolRecord,
  policyRecord,
} from "../../../provider/drivers/record";
import { assertName, assertUid, refuse } from "./rules";
import type { MemoryPool, MemoryState } from "./state";
import { MemoryTransactions } from "./transaction";

/** What the memory driver does with policies, and what it needs for every kind of record. */
export class MemoryPolicies extends MemoryTransactions {
  async createPolicy(ref: PoolRef, inputs: NewPolicy, call: Call): Promise<PolicyRecord> {
    assertName(inputs.name);
    assertUid(inputs.uid);
    return this.changePool(ref, call, (pool, state) => {
      if (pool.record.retiredAt) refuse("PRECONDITION_FAILED", `pool "${ref.name}" is retired`);
      if (pool.policies.some(({ uid }) => uid === inputs.uid))
        refuse("ALREADY_EXISTS", `policy ${inputs.uid} is there`);
      if (pool.policies.some(({ name, owner }) => name === inputs.name && owner === inputs.owner))
        refuse("ALREADY_EXISTS", `policy ${inputs.name} of ${inputs.owner} is there`);
      const poolIdentity = pool.record.identity;
      const record: PolicyRecord = {
        formatVersion,
        ...inputs,
        kind: "policy",
        poolIdentity,
        ...this.made(call, state),
      };
      assertReadablePolicy(record, "INVALID_ARGUMENT");
      pool.policies.push(structuredClone(record));
      return record;
    });
  }
  async updatePolicy(ref: PoolRef, match: Match, change: PolicyChange, call: Call): Promise<PolicyRecord> {
    if (change.name !== undefined) assertName(change.name);
    return this.changePool(ref, call, (pool) => {
      const record = this.policyOf(pool, match);
      if (!record) refuse("NOT_FOUND", `there is no policy ${match.uid}`);
      const next = { ...record, ...structuredClone(change), revision: record.revision + 1 };
      assertReadablePolicy(next, "INVALID_ARGUMENT");
      return Object.assign(record, next);
    });
  }
  async removePolicy(ref: PoolRef, match: Match, call: Call): Promise<boolean> {
    return this.changePool(ref, call, (pool) => {
      const record = this.policyOf(pool, match);
      if (!record) return false;
      pool.policies.splice(pool.policies.indexOf(record), 1);
      return true;
    });
  }

  protected assertMatch(record: ObjectRecord | PoolRecord | PolicyRecord, match: Match): void {
    const same =
      record.uid === match.uid &&
      record.claim === match.claim &&
      record.revision === (match.revision ?? record.revision);
    if (!same) refuse("CONFLICT", `"${record.name}" is held by somebody else, or has changed`);
  }
  protected made(call: Call, state: MemoryState): { createdBy: string; createdAt: string; revision: number } {
    return { createdBy: call.actor.by, createdAt: this.date(state), revision: 1 };
  }

  private policyOf(pool: MemoryPool, match: Match): PolicyRecord | undefined {
    const record = pool.policies.find(({ uid }) => uid === match.uid);
    if (!record) return undefined;
    this.assertMatch(record, match);
    assertReadablePolicy(record, "PROTOCOL");
    return record;
  }
}

/** What a newer version wrote, or nobody can read, is left alone. */
function assertReadablePolicy(record: PolicyRecord, code: "INVALID_ARGUMENT" | "PROTOCOL"): void {
  if (record.formatVersion > formatVersion) refuse("UNSUPPORTED", `"${record.name}" was written by a newer version`);
  if (!policyRecord.safeParse(record).success) refuse(code, `the record of policy "${record.name}" cannot be read`);
}
