import { KrStorageError } from "../../model/errors";
import { alreadyOwned, applyPolicyChange, requireMatch } from "../changes";
import type { Call, Match, NewPolicy, PolicyChange } from "../driver";
import { formatVersion, type PolicyRecord } from "../record";
import { checkedPolicyRecord, requireNameablePolicy } from "../requests";
import type { OpenPool } from "./openPool";
import { dropPolicyCopy, refreshPolicyCopy } from "./policyCopies";
import { deletePolicy, findPolicy, insertPolicy, policiesNamed, policyRow, savePolicy } from "./policyRows";
import type { Transaction } from "./transaction";

/** Keeps the record of a policy. */
export async function createPolicy(pool: OpenPool, policy: NewPolicy, call: Call): Promise<PolicyRecord> {
  requireNameablePolicy(policy, pool.where);
  const what = `policy ${policy.name} in ${pool.where}`;
  const record = await pool.change(call, (transaction) => {
    if (transaction.pool.retiredAt !== undefined) {
      throw new KrStorageError(
        "PRECONDITION_FAILED",
        `pool ${pool.where} was deleted at ${transaction.pool.retiredAt} and takes no new policies`,
        { target: pool.where },
      );
    }
    const taken = policyRow(pool.database, policy.uid);
    if (taken)
      throw new KrStorageError(
        "ALREADY_EXISTS",
        `policy ${taken.name} (uid ${taken.uid}) is in ${pool.where} already`,
        {
          target: pool.where,
        },
      );
    const second = policiesNamed(pool.database, policy.name).find(({ owner }) => owner === policy.owner);
    if (second) throw alreadyOwned(second, pool.where);
    const made = checkedPolicyRecord(newRecord(policy, transaction, call), what);
    insertPolicy(pool.database, made);
    transaction.audit("create-policy", made, undefined, made);
    return made;
  });
  await refreshPolicyCopy(pool, record.uid);
  return record;
}

function newRecord(policy: NewPolicy, transaction: Transaction, call: Call): PolicyRecord {
  return {
    formatVersion,
    kind: "policy",
    uid: policy.uid,
    claim: policy.claim,
    name: policy.name,
    poolIdentity: transaction.pool.identity,
    owner: policy.owner,
    ...(policy.stackId === undefined ? {} : { stackId: policy.stackId }),
    createdBy: call.actor.by,
    createdAt: transaction.now,
    requested: policy.requested,
    labels: policy.labels,
    revision: 1,
    generation: policy.generation,
    targets: policy.targets,
  };
}

/** Changes the record of a policy, by compare-and-swap on claim and revision. */
export async function updatePolicy(
  pool: OpenPool,
  match: Match,
  change: PolicyChange,
  call: Call,
): Promise<PolicyRecord> {
  if (change.name !== undefined) requireNameablePolicy({ name: change.name, uid: match.uid }, pool.where);
  const record = await pool.change(call, (transaction) => {
    const before = requirePolicy(pool, transaction, match);
    if (!before)
      throw new KrStorageError("NOT_FOUND", `there is no policy with uid ${match.uid} in pool ${pool.where}`, {
        target: pool.where,
      });
    const next = checkedPolicyRecord(
      { ...applyPolicyChange(before, change), revision: before.revision + 1 },
      `policy ${before.name} in ${pool.where}`,
    );
    savePolicy(pool.database, next);
    transaction.audit("update-policy", next, before, next);
    return next;
  });
  await refreshPolicyCopy(pool, record.uid);
  return record;
}

function requirePolicy(pool: OpenPool, transaction: Transaction, match: Match): PolicyRecord | undefined {
  const record = findPolicy(pool.database, transaction, match.uid, pool.where);
  if (record) requireMatch(record, match, `policy ${record.name} in ${pool.where}`);
  return record;
}

/** Removes the record of a policy, from a retired pool too. Its copy goes first: a rebuild must not bring it back. */
export async function removePolicy(pool: OpenPool, match: Match, call: Call): Promise<boolean> {
  const found = await pool.change(call, (transaction) => requirePolicy(pool, transaction, match));
  if (!found) return false;
  try {
    await dropPolicyCopy(pool.paths, match.uid);
    return await pool.change(call, (transaction) => {
      const record = requirePolicy(pool, transaction, match);
      if (!record) return false;
      deletePolicy(pool.database, record.uid);
      transaction.audit("remove-policy", record, record, undefined);
      return true;
    });
  } finally {
    // The copy is what the row is now: back where it was not removed after all, gone where an update has just written it again
    await refreshPolicyCopy(pool, match.uid);
  }
}
