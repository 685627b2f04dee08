import type { PolicyRecord } from "../../provider/drivers/record";
import { messageOf } from "../../provider/model/errors";
import { parseSlotName } from "../../provider/retention";
import type { BackendPort } from "./backendPort";
import type { PoolLook } from "./look";
import type { RunOptions } from "./options";
import type { ActingPolicy } from "./policy";
import { ownRecords } from "./policyBook";
import { carryOut } from "./prune";
import { type PrunePlan, planPrune } from "./prunePlan";
import type { Skipped } from "./targets";
import { isTaken, type PoolKnowledge, type Work } from "./work";

/** Removes what is not needed any more, of every target whose snapshot is there: pruning follows the snapshot. */
export async function prunePool(
  port: BackendPort,
  known: PoolKnowledge,
  works: readonly Work[],
  skipped: readonly Skipped[],
  options: RunOptions,
): Promise<void> {
  const approvals = new Approvals(known.look);
  const plans = works.map((work) => ({ work, plan: planOf(work, known, approvals) }));
  await Promise.all(
    plans.map(async ({ work, plan }) => {
      const isActing = plan?.action === "planned" && !options.dryRun;
      if (!plan) work.prune = notRun(work);
      else work.prune = isActing ? await carryOut(port, known.look, plan, known.ownOf(work.acting), options) : plan;
    }),
  );
  if (!options.dryRun) await approvals.spend(port, works, skipped, options);
}

function planOf(work: Work, known: PoolKnowledge, approvals: Approvals): PrunePlan | undefined {
  if (!isTaken(work)) return undefined;
  const { policy } = work.acting;
  const own = known.ownOf(work.acting);
  const { nowMs, index, look } = known;
  const situation = { policy, own, index, nowMs, skewMs: look.skewMs, approvedDeletes: approvals.of(policy) };
  const upcoming = work.take.action === "planned" ? upcomingOf(work.take.slot) : undefined;
  return planPrune(upcoming ? { ...situation, upcoming } : situation);
}

function upcomingOf(slot: string | undefined): { slot: string; slotMs: number } | undefined {
  const start = slot === undefined ? undefined : parseSlotName(slot);
  return slot === undefined || !start ? undefined : { slot, slotMs: start.getTime() };
}

function notRun({ take }: Work): NonNullable<Work["prune"]> {
  const reason =
    take.action === "failed"
      ? "its snapshot failed, so nothing of it is removed"
      : `no snapshot: ${take.reason ?? take.action}`;
  return { action: "notRun", keep: [], remove: [], removed: [], reason };
}

/** What previews have approved: how many removals of each target the record of a policy lets through beside the usual, in one run. */
class Approvals {
  private readonly records: ReadonlyMap<string, PolicyRecord>;

  constructor(private readonly look: PoolLook) {
    this.records = new Map(ownRecords(look).map((record) => [record.uid, record]));
  }

  of({ uid, generation }: ActingPolicy): number {
    const record = this.records.get(uid);
    return record?.generation === generation ? Math.max(0, record.approvedDeletes ?? 0) : 0;
  }

  /** An approval holds until the run that has carried the change out on every target; a run that was interrupted goes on with it. */
  async spend(
    port: BackendPort,
    works: readonly Work[],
    skipped: readonly Skipped[],
    options: RunOptions,
  ): Promise<void> {
    const { look } = this;
    const unfinished = new Set([
      ...skipped.filter(({ isSuspended }) => isSuspended).map(({ policy }) => policy.uid),
      ...works.filter((work) => !isFinished(work)).map(({ acting }) => acting.policy.uid),
    ]);
    const run = new Map(works.map(({ acting }) => [acting.policy.uid, acting.policy]));
    const spent = [...run.values()].flatMap((policy) =>
      this.of(policy) > 0 && !unfinished.has(policy.uid) ? (this.records.get(policy.uid) ?? []) : [],
    );
    for (const { uid, claim, revision } of spent) {
      const match = { uid, claim, revision };
      const pool = { name: look.pool, identity: look.listing.pool.record.identity };
      await port
        .write(options.signal, (driver, call) => driver.updatePolicy(pool, match, { approvedDeletes: 0 }, call))
        .catch((error: unknown) => options.log?.warn(`policy ${uid}: its approval stays: ${messageOf(error)}`));
    }
  }
}

function isFinished({ take, prune }: Work): boolean {
  return take.action === "notDue" || prune?.action === "pruned" || prune?.action === "nothing";
}
