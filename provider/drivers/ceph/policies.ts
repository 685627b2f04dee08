import { KrStorageError } from "../../model/errors";
import { alreadyOwned, applyPolicyChange, requireMatch } from "../changes";
import type { Call, Match, NewPolicy, PolicyChange } from "../driver";
import { formatVersion, type PolicyRecord, policyRecord } from "../record";
import { checkedPolicyRecord, requireNameablePolicy } from "../requests";
import { policies, policyKey, requireWritable } from "./entry";
import type { OpenPool } from "./openPool";
import type { Transaction } from "./table";

/** Keeps the record of a policy. */
export async function createPolicy(pool: OpenPool, policy: NewPolicy, call: Call): Promise<PolicyRecord> {
  requireNameablePolicy(policy, pool.where);
  const now = await pool.now();
  return pool.table.change((transaction) => {
    const header = pool.writable(transaction);
    if (header.retiredAt !== undefined)
      throw new KrStorageError(
        "PRECONDITION_FAILED",
        `pool ${pool.where} was deleted at ${header.retiredAt} and takes no new policies`,
        {
          target: pool.where,
        },
      );
    if (transaction.has(policyKey(policy.uid)))
      throw new KrStorageError("ALREADY_EXISTS", `a policy with uid ${policy.uid} is in ${pool.where} already`, {
        target: pool.where,
      });
    refuseSecond(pool, transaction, policy);
    const { name, uid, claim, owner, stackId, requested, labels, generation, targets } = policy;
    const record = checkedPolicyRecord(
      {
        formatVersion,
        kind: "policy",
        uid,
        claim,
        name,
        poolIdentity: header.identity,
        owner,
        ...(stackId === undefined ? {} : { stackId }),
        createdBy: call.actor.by,
        createdAt: new Date(now).toISOString(),
        requested,
        labels,
        revision: 1,
        generation,
        targets,
      },
      `policy ${name} in ${pool.where}`,
    );
    transaction.set(policyKey(uid), record);
    return record;
  });
}

/** One owner has one policy of a name: two programs that make it at the same time end with one. */
function refuseSecond(pool: OpenPool, transaction: Transaction, { name, owner }: NewPolicy): void {
  for (const key of transaction.keys(policies)) {
    const { data } = policyRecord.safeParse(transaction.get(key));
    if (data?.owner === owner && data.name === name) throw alreadyOwned(data, pool.where);
  }
}

/** Changes the record of a policy, by compare-and-swap on claim and revision. */
export async function updatePolicy(pool: OpenPool, match: Match, change: PolicyChange): Promise<PolicyRecord> {
  if (change.name !== undefined) requireNameablePolicy({ name: change.name, uid: match.uid }, pool.where);
  return pool.table.change((transaction) => {
    pool.writable(transaction);
    const before = findPolicy(pool, transaction, match);
    if (!before)
      throw new KrStorageError("NOT_FOUND", `there is no policy with uid ${match.uid} in pool ${pool.where}`, {
        target: pool.where,
      });
    const next = checkedPolicyRecord(
      { ...applyPolicyChange(before, change), revision: before.revision + 1 },
      `policy ${before.name} in ${pool.where}`,
    );
    transaction.set(policyKey(next.uid), next);
    return next;
  });
}

/** Removes the record of a policy, from a retired pool too. */
export async function removePolicy(pool: OpenPool, match: Match): Promise<boolean> {
  return pool.table.change((transaction) => {
    pool.writable(transaction);
    const record = findPolicy(pool, transaction, match);
    if (record) transaction.delete(policyKey(record.uid));
    return record !== undefined;
  });
}

function findPolicy(pool: OpenPool, transaction: Transaction, match: Match): PolicyRecord | undefined {
  const key = policyKey(match.uid);
  if (!transaction.has(key)) return undefined;
  const what = `the policy with uid ${match.uid} in ${pool.where}`;
  const parsed = policyRecord.safeParse(transaction.get(key));
  if (!parsed.success)
    throw new KrStorageError("PRECONDITION_FAILED", `the record of ${what} cannot be read; nothing was changed`, {
      target: pool.where,
    });
  requireMatch(parsed.data, match, what);
  requireWritable(parsed.data, what);
  return parsed.data;
}
