import type { ObjectRecord } from "../drivers/record";
import { hasCode } from "../model/errors";
import type { Image } from "../model/image";
import { formatObjectId, type ObjectId, parseObjectId } from "../model/names";
import { exactBytes, formatBytes } from "../model/quantity";
import { healthProblem } from "../storage/claims";
import type { PoolView } from "../storage/poolView";
import type { PoolLook } from "./dataKind";
import type { CheckFailure, Context, Properties } from "./lifecycle";
import type { Plan } from "./plan";
import { hasUnknown } from "./unknown";

/** What a clone is made from, as an input spells it: exactly one of its keys holds an id. */
export function sourceIdOf(inputs: Properties): string | undefined {
  const { source } = inputs;
  if (typeof source !== "object" || source === null || hasUnknown(source)) return undefined;
  return Object.values(source).find((id): id is string => typeof id === "string");
}

/** The file that a volume is made from. */
export function imageOf({ source }: Properties): Image | undefined {
  if (typeof source !== "object" || source === null || hasUnknown(source)) return undefined;
  return (source as { image?: Image }).image;
}

/** Whether a volume can be made from a file as declared: the pool takes images, and this one is there, idle, and not larger. */
export async function checkImage(
  inputs: Properties,
  id: ObjectId,
  size: number | undefined,
  { view, abilities }: PoolLook,
  { storage, signal }: Context,
): Promise<CheckFailure[]> {
  const image = imageOf(inputs);
  if (!image) return [];
  if (!view && abilities.can.images === false)
    return [{ property: "source.image", reason: `pool ${abilities.poolId} makes no volumes from files` }];
  if (!view) return [];
  try {
    const { sizeBytes } = await storage
      .backend(id.backend)
      .read(signal, (driver, call) => driver.inspectImage({ name: id.pool }, image, call));
    if (size === undefined || size >= sizeBytes) return [];
    const reason = `${formatBytes(size)} is less than the ${formatBytes(sizeBytes)} of ${image.path}; declare size: "${exactBytes(sizeBytes)}" or more`;
    return [{ property: "size", reason }];
  } catch (error) {
    if (!hasCode(error, "UNSUPPORTED", "NOT_FOUND", "IN_USE", "INVALID_ARGUMENT", "PERMISSION_DENIED")) throw error;
    return [{ property: "source.image", reason: error.message }];
  }
}

/** What an id names: what is there, else what is planned under it. Undefined where neither is known. */
export function kindOf(id: ObjectId, view: PoolView | undefined, plan: Plan): ObjectRecord["kind"] | undefined {
  const found = view?.byName(id.name);
  return found?.phase === "live" ? found.record.kind : plan.kind(formatObjectId(id));
}

/** Whether a clone can be made as declared: its source is there or planned, of its kind, in the same pool, whole, and not larger. */
export function checkSource(
  word: "volume" | "share",
  inputs: Properties,
  id: ObjectId,
  size: number | undefined,
  { view }: PoolLook,
  { plan }: Context,
): CheckFailure[] {
  const sourceId = sourceIdOf(inputs);
  if (size !== undefined) plan.setSize(formatObjectId(id), size);
  const source = sourceId === undefined ? undefined : parseObjectId(sourceId);
  if (!source) return [];
  const [key] = Object.entries(inputs.source as Properties).find(([, value]) => value === sourceId) ?? [];
  const path = `source.${key}`;
  if (source.backend !== id.backend || source.pool !== id.pool) {
    return [
      {
        property: path,
        reason: `${formatObjectId(source)} is in another pool than ${id.backend}/${id.pool}; a clone is made in the pool of its source`,
      },
    ];
  }
  const failures: CheckFailure[] = [];
  const existing = view?.byName(source.name);
  if (view && existing?.phase !== "live" && !plan.hasName(formatObjectId(source))) {
    failures.push({
      property: path,
      reason: `there is no ${formatObjectId(source)}; declare it in this stack and pass the resource itself, or name one that exists`,
    });
  }
  const other = kindOf(wholeOf(source), view, plan);
  if (other !== undefined && other !== word) {
    const what = source.name.includes("@") ? `a snapshot of a ${other}` : `a ${other}`;
    failures.push({
      property: path,
      reason: `${formatObjectId(source)} is ${what}; a ${word} is made from a ${word}, or from a snapshot of one`,
    });
  }
  const problem = existing?.phase === "live" ? healthProblem(existing, formatObjectId(source)) : undefined;
  if (problem) failures.push({ property: path, reason: `${problem}; nothing can be made from it` });
  const sourceSize =
    existing?.phase === "live" ? existing.record.sizeBytes : plan.size(formatObjectId(wholeOf(source)));
  if (size !== undefined && sourceSize !== undefined && size < sourceSize) {
    failures.push({
      property: "size",
      reason: `${formatBytes(size)} is less than the ${formatBytes(sourceSize)} of ${formatObjectId(source)}; a clone has at least the size of its source`,
    });
  }
  return failures;
}

/** What a source has its size and kind of: the source itself, or what a snapshot is taken of. */
function wholeOf(source: ObjectId): ObjectId {
  return { ...source, name: source.name.split("@")[0] as string };
}
