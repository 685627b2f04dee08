import { roomIn, shortageOf } from "../drivers/capacity";
import { formatObjectId, formatPoolId, type PoolId, parseObjectId, parsePoolId } from "../model/names";
import { abilitiesOf } from "./abilities";
import { unmetWishes } from "./capable";
import type { DataKind } from "./dataKind";
import type { CheckFailure, CheckRequest, Context, Properties } from "./lifecycle";
import { lookAt } from "./look";
import { textOf } from "./properties";
import { classOf } from "./settings";
import { hasUnknown } from "./unknown";

export type Placed = { inputs: Properties } | { failure: CheckFailure };

/** A pool of a class, as far as it can be judged. */
interface Candidate {
  poolId: string;
  /** Why it cannot take the object. */
  rejected?: string;
  /** What could still be promised from it after the object, in bytes; undefined where that cannot be told. */
  leftBytes?: number;
  /** Whether the object is there already: an interrupted run made it, or it is to be adopted. */
  holdsIt?: boolean;
}

/**
 * Decides where an object of a class goes, once: the decision stands in its inputs from then on, and later edits of the
 * class move nothing. What an interrupted run has made is found where it is. A pool that is named is only checked.
 */
export async function placeByClass(
  data: DataKind,
  inputs: Properties,
  request: CheckRequest,
  context: Context,
): Promise<Placed> {
  const kept = request.oldInputs?.pool;
  if (inputs.pool === undefined && typeof kept === "string") return { inputs: { ...inputs, pool: kept } };
  const definition = classOf(inputs);
  if (!definition || request.oldInputs) return { inputs };
  if (inputs.pool !== undefined) return checkNamed(inputs, definition.pools, context);
  if (typeof inputs.name !== "string" || hasUnknown(inputs.size) || hasUnknown(inputs.source)) return { inputs };
  const known = context.plan.placement(request.owner);
  if (known !== undefined && definition.pools.includes(known)) return { inputs: { ...inputs, pool: known } };
  const candidates: Candidate[] = [];
  for (const pool of definition.pools) candidates.push(await judge(data, pool, inputs, request, context));
  const chosen = choose(candidates, definition.placement ?? "firstFit");
  if (!chosen) return { failure: { property: "volumeClass", reason: nowhereSentence(definition.name, candidates) } };
  context.plan.place(request.owner, chosen.poolId);
  const passed = candidates
    .slice(0, candidates.indexOf(chosen))
    .flatMap(({ poolId, rejected }) => (rejected === undefined ? [] : [`not ${poolId}: ${rejected}`]));
  if (passed.length > 0) context.log.info(`${inputs.name} goes to ${chosen.poolId} (${passed.join("; ")})`);
  return { inputs: { ...inputs, pool: chosen.poolId } };
}

function checkNamed(inputs: Properties, pools: string[], { storage }: Context): Placed {
  const canonical = (id: string) => {
    const parsed = parsePoolId(id);
    return parsed ? formatPoolId(storage.canonical(parsed)) : id;
  };
  if (typeof inputs.pool !== "string" || pools.map(canonical).includes(canonical(inputs.pool))) return { inputs };
  return {
    failure: {
      property: "pool",
      reason: `${inputs.pool} is not a pool of the class, whose pools are ${pools.join(", ")}; leave pool out to have one chosen`,
    },
  };
}

async function judge(
  data: DataKind,
  poolId: string,
  inputs: Properties,
  request: CheckRequest,
  context: Context,
): Promise<Candidate> {
  const id = context.storage.canonical(parsePoolId(poolId) as PoolId);
  const look = await lookAt(id, "new", context);
  if ("failure" in look) return { poolId, rejected: look.failure };
  const { view } = look;
  const source = data.sourceOf(inputs);
  const place = source === undefined ? undefined : parseObjectId(source);
  if (place && formatPoolId(context.storage.canonical(place)) !== formatPoolId(id))
    return { poolId, rejected: `a clone is made in the pool of its source, ${formatObjectId(place)}` };
  const mine = view?.byName(inputs.name as string);
  if (mine && (mine.record.owner === request.owner || mine.record.uid === textOf(inputs.adopt)))
    return { poolId, holdsIt: true };
  const planned = context.plan.pool(formatPoolId(id));
  if (!view && !planned) return { poolId, rejected: "it could not be looked at" };
  const unmet = unmetWishes(data.word, inputs, abilitiesOf(id, view, context));
  if (unmet.length > 0) return { poolId, rejected: unmet.map(({ reason }) => reason).join("; ") };
  return { poolId, ...roomFor(data, id, inputs, request, context, look.view) };
}

function roomFor(
  data: DataKind,
  id: PoolId,
  inputs: Properties,
  { owner }: CheckRequest,
  context: Context,
  view: Awaited<ReturnType<Context["storage"]["view"]>> | undefined,
): Pick<Candidate, "rejected" | "leftBytes"> {
  const { plan } = context;
  const poolId = formatPoolId(id);
  const planned = plan.pool(poolId);
  const settings = planned?.settings ?? view?.pool.record.settings;
  const facts = view?.pool.capacity ?? planned?.prospect;
  if (!settings || !facts) return {};
  const wanted = plan.bytesOfOthers(poolId, owner) + (data.sizeOf(inputs) ?? 0);
  const shortage = shortageOf(wanted, settings, facts);
  return shortage === undefined
    ? { leftBytes: roomIn(settings, facts).availableBytes - wanted }
    : { rejected: shortage };
}

function choose(candidates: Candidate[], placement: "firstFit" | "mostFree"): Candidate | undefined {
  const holding = candidates.find(({ holdsIt }) => holdsIt);
  if (holding) return holding;
  const able = candidates.filter(({ rejected }) => rejected === undefined);
  if (placement === "firstFit") return able[0];
  return able.reduce<Candidate | undefined>(
    (best, other) => (best && (best.leftBytes ?? 0) >= (other.leftBytes ?? 0) ? best : other),
    undefined,
  );
}

function nowhereSentence(name: string | undefined, candidates: Candidate[]): string {
  const reasons = candidates.map(({ poolId, rejected }) => `${poolId}: ${rejected}`).join("; ");
  return `no pool of class ${name ?? "(inline)"} can take it: ${reasons}`;
}
