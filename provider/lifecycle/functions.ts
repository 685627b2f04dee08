import type { z } from "zod";
import type { StoredObject, StoredPool } from "../drivers/driver";
import { KrStorageError } from "../model/errors";
import { type FunctionName, functions } from "../model/functions";
import { fullPath, propertyPath, reasonOf, suggestion, telling } from "../model/issues";
import type { PoolId } from "../model/names";
import { applyRetention } from "../retention";
import { poolOf, volumeOf } from "../storage/arguments";
import { findLive } from "../storage/find";
import { objectInfo, poolInfo } from "../storage/info";
import { keyOf } from "../storage/key";
import { maxLookAgeMs } from "../storage/looks";
import type { CheckFailure, Context, Properties } from "./lifecycle";
import { hasUnknown } from "./unknown";

type Inputs<Name extends FunctionName> = z.output<z.ZodObject<(typeof functions)[Name]["inputs"]>>;
type Implementations = {
  [Name in FunctionName]: (inputs: Inputs<Name>, context: Context) => Promise<Properties>;
};

const implementations: Implementations = {
  async getPool({ id }, context) {
    const where = poolOf(id);
    const pool = await lookedAt(where, context);
    const { record } = pool;
    const { id: _, ...info } = poolInfo(where, pool);
    const driver = context.storage.backend(where.backend).type;
    return { ...info, driver, capabilities: record.capabilities, labels: record.labels };
  },

  async getVolume({ id }, context) {
    const where = volumeOf(id);
    const object = await findLive(context.storage, where, context.signal);
    if (object.record.kind !== "volume")
      throw new KrStorageError("INVALID_ARGUMENT", `${id} is a ${object.record.kind}, not a volume`, { target: id });
    const { id: _, ...info } = infoOf(where, object);
    return info;
  },

  async getKey({ id }, context) {
    return { ...(await keyOf(context.storage, volumeOf(id), context.signal)) };
  },

  async listVolumes({ pool, labels: wanted }, context) {
    const where = poolOf(pool);
    const view = await context.storage.view(where, { maxAgeMs: maxLookAgeMs, signal: context.signal });
    const volumes = view
      .all()
      .filter(({ phase, record }) => phase === "live" && record.kind === "volume" && hasLabels(record.labels, wanted))
      .map((object) => infoOf(where, object))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
    return { volumes };
  },

  async getCapacity({ pool }, context) {
    const where = poolOf(pool);
    const { provisionedBytes, availableBytes, freeBytes, totalBytes } = poolInfo(where, await lookedAt(where, context));
    return { provisionedBytes, availableBytes, freeBytes, totalBytes };
  },

  async planRetention({ snapshots, retention, timezone }) {
    const given = snapshots.map(({ id, time, tags }) => ({ id, time, ...(tags ? { tags } : {}) }));
    const { keep, remove } = applyRetention(given, retention, { timezone: timezone ?? "UTC" });
    return { keep, remove };
  },
};

export function isFunction(name: string): name is FunctionName {
  return Object.hasOwn(functions, name);
}

/** Calls a function. What is wrong with its inputs comes back as failures; everything else is thrown. */
export async function callFunction(
  name: FunctionName,
  inputs: Properties,
  context: Context,
): Promise<{ result: Properties } | { failures: CheckFailure[] }> {
  const failures = checkInputs(name, inputs);
  if (failures.length > 0) return { failures };
  const implementation = implementations[name] as (inputs: Properties, context: Context) => Promise<Properties>;
  return { result: await implementation(inputs, context) };
}

function checkInputs(name: FunctionName, inputs: Properties): CheckFailure[] {
  const schemas = functions[name].inputs as Readonly<Record<string, z.ZodType>>;
  const known = Object.keys(schemas);
  const unknown = Object.keys(inputs)
    .filter((key) => !Object.hasOwn(schemas, key))
    .map((key) => ({ property: key, reason: `${name} has no property "${key}"; ${suggestion(key, known)}` }));
  const wrong = Object.entries(schemas).flatMap(([key, schema]) => {
    if (hasUnknown(inputs[key])) return [{ property: key, reason: "is not known yet" }];
    const result = schema.safeParse(inputs[key]);
    if (result.success) return [];
    if (inputs[key] === undefined) return [{ property: key, reason: `missing required property "${key}"` }];
    return telling(result.error.issues).map((issue) => ({
      property: propertyPath([key, ...fullPath(issue)]),
      reason: reasonOf(issue, schema),
    }));
  });
  return [...unknown, ...wrong];
}

async function lookedAt(where: PoolId, { storage, signal }: Context): Promise<StoredPool> {
  return (await storage.view(where, { maxAgeMs: maxLookAgeMs, signal })).pool;
}

function infoOf(where: PoolId, object: StoredObject) {
  const { kind: _kind, phase: _phase, owner, ...info } = objectInfo({ ...where, name: object.record.name }, object);
  return { ...info, declaredBy: owner };
}

function hasLabels(labels: Record<string, string>, wanted: Record<string, string> = {}): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}
