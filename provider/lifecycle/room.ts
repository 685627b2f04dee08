import { shortageOf } from "../drivers/capacity";
import { formatPoolId, type ObjectId } from "../model/names";
import { formatBytes } from "../model/quantity";
import type { PoolView } from "../storage/poolView";
import type { DataKind, PoolLook } from "./dataKind";
import type { CheckFailure, CheckRequest, Context, Properties } from "./lifecycle";

/** One resource being checked: what it declares, and where that would be. */
export interface Subject {
  data: DataKind;
  request: CheckRequest;
  inputs: Properties;
  id: ObjectId;
  what: string;
}

/** What a new object would take from its pool: nothing for a snapshot that shares its blocks. */
export function neededBytes(subject: Subject, { view, abilities }: PoolLook, context: Context): number {
  const { data, inputs } = subject;
  const declared = data.sizeOf(inputs);
  if (declared !== undefined) return declared;
  if (abilities.can.copyOnWrite !== false) return 0;
  const source = data.sourceOf(inputs);
  const existing = source === undefined ? undefined : view?.byName(source.split("/")[2] as string);
  return existing?.record.sizeBytes ?? (source === undefined ? 0 : (context.plan.size(source) ?? 0));
}

/** Whether the whole plan fits, as far as it has been checked: each resource that no longer fits says so. */
export function checkRoom(
  subject: Subject,
  bytes: number,
  view: PoolView | undefined,
  context: Context,
): CheckFailure[] {
  const { request, id, data } = subject;
  if (bytes === 0) return [];
  const poolId = formatPoolId(id);
  const sum = context.plan.addBytes(poolId, request.owner, bytes);
  // What this plan declares for the pool counts before what the pool has now
  const planned = context.plan.pool(poolId);
  const settings = planned?.settings ?? view?.pool.record.settings;
  if (!settings) return [];
  const facts = view?.pool.capacity ?? planned?.prospect;
  const shortage = facts && shortageOf(sum, settings, facts);
  if (!shortage) return [];
  const all = sum === bytes ? "" : ` (this plan asks for ${formatBytes(sum)} in all, ${formatBytes(bytes)} of it here)`;
  return [
    {
      property: data.sizeOf(subject.inputs) === undefined ? "source" : "size",
      reason: `pool ${poolId}: ${shortage}${all}`,
    },
  ];
}
