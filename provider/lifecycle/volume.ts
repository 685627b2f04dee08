import { formatObjectId, type ObjectId, parseObjectId, parsePoolId } from "../model/names";
import { bytesOf, formatBytes } from "../model/quantity";
import { volume } from "../model/volume";
import { healthProblem } from "../storage/claims";
import type { DataKind } from "./dataKind";
import { dataLifecycle } from "./dataLifecycle";
import type { CheckFailure, Properties } from "./lifecycle";
import { textOf } from "./properties";
import { hasUnknown } from "./unknown";

const volumeKind: DataKind = {
  kind: volume,
  word: "volume",
  missingIsGone: false,

  idOf(inputs) {
    const pool = textOf(inputs.pool);
    const name = textOf(inputs.name);
    const poolId = pool === undefined ? undefined : parsePoolId(pool);
    return poolId && name !== undefined ? { ...poolId, name } : undefined;
  },
  sourceOf(inputs) {
    const source = inputs.source as { snapshot?: string; volume?: string } | undefined;
    return hasUnknown(source) ? undefined : (source?.snapshot ?? source?.volume);
  },
  requestedOf: ({ size, source }) => ({ size, ...(source === undefined ? {} : { source }) }),
  inputsOf: ({ record }, id) => ({
    ...pick(record.requested, "size", "source"),
    pool: `${id.backend}/${id.pool}`,
    name: id.name,
  }),
  sizeOf: (inputs) => (typeof inputs.size === "string" ? bytesOf(inputs.size) : undefined),
  outputsOf: (object) => ({
    sizeBytes: object.record.sizeBytes,
    actualSizeBytes: object.actualSizeBytes,
    ...(object.connection === undefined ? {} : { connection: object.connection }),
  }),

  async checkNew(inputs, id, view, { plan }) {
    const failures: CheckFailure[] = [];
    const sourceId = this.sourceOf(inputs);
    const size = this.sizeOf(inputs);
    if (size !== undefined) plan.setSize(formatObjectId(id), size);
    const source = sourceId === undefined ? undefined : parseObjectId(sourceId);
    if (!source) return failures;
    const path = (inputs.source as Properties).snapshot === undefined ? "source.volume" : "source.snapshot";
    if (source.backend !== id.backend || source.pool !== id.pool) {
      failures.push({
        property: path,
        reason: `${formatObjectId(source)} is in another pool than ${id.backend}/${id.pool}; a clone is made in the pool of its source`,
      });
      return failures;
    }
    const existing = view?.byName(source.name);
    const isPlanned = plan.hasName(formatObjectId(source));
    if (view && existing?.phase !== "live" && !isPlanned) {
      failures.push({
        property: path,
        reason: `there is no ${formatObjectId(source)}; declare it in this stack and pass the resource itself, or name one that exists`,
      });
    }
    const problem = existing?.phase === "live" ? healthProblem(existing, formatObjectId(source)) : undefined;
    if (problem) failures.push({ property: path, reason: `${problem}; nothing can be made from it` });
    const sourceSize = existing?.phase === "live" ? existing.record.sizeBytes : plan.size(plannedDisk(source));
    if (size !== undefined && sourceSize !== undefined && size < sourceSize) {
      failures.push({
        property: "size",
        reason: `${formatBytes(size)} is less than the ${formatBytes(sourceSize)} of ${formatObjectId(source)}; a clone has at least the size of its source`,
      });
    }
    return failures;
  },
};

/** The disk whose size a planned source will have: the volume itself, or the one that a snapshot is taken of. */
function plannedDisk(source: ObjectId): string {
  return formatObjectId({ ...source, name: source.name.split("@")[0] as string });
}

function pick(record: Record<string, unknown>, ...keys: string[]): Properties {
  return Object.fromEntries(keys.filter((key) => record[key] !== undefined).map((key) => [key, record[key]]));
}

export const volumeLifecycle = dataLifecycle(volumeKind);
