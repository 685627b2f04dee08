import { hasCode } from "../model/errors";
import type { Image } from "../model/image";
import { formatObjectId, type ObjectId, parseObjectId } from "../model/names";
import { exactBytes, formatBytes } from "../model/quantity";
import { healthProblem } from "../storage/claims";
import type { PoolView } from "../storage/poolView";
import type { CheckFailure, Context, Properties } from "./lifecycle";
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
  view: PoolView | undefined,
  { storage, signal }: Context,
): Promise<CheckFailure[]> {
  const image = imageOf(inputs);
  if (!image || !view) return [];
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

/** Whether a clone can be made as declared: its source is there or planned, in the same pool, whole, and not larger. */
export function checkSource(
  inputs: Properties,
  id: ObjectId,
  size: number | undefined,
  view: PoolView | undefined,
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
  const problem = existing?.phase === "live" ? healthProblem(existing, formatObjectId(source)) : undefined;
  if (problem) failures.push({ property: path, reason: `${problem}; nothing can be made from it` });
  const sourceSize = existing?.phase === "live" ? existing.record.sizeBytes : plan.size(plannedWhole(source));
  if (size !== undefined && sourceSize !== undefined && size < sourceSize) {
    failures.push({
      property: "size",
      reason: `${formatBytes(size)} is less than the ${formatBytes(sourceSize)} of ${formatObjectId(source)}; a clone has at least the size of its source`,
    });
  }
  return failures;
}

/** What has the size that a planned source will have: the source itself, or what a snapshot is taken of. */
function plannedWhole(source: ObjectId): string {
  return formatObjectId({ ...source, name: source.name.split("@")[0] as string });
}
