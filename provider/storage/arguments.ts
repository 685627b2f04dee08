import { KrStorageError } from "../model/errors";
import { propertyPath, reasonOf } from "../model/issues";
import type { Kind } from "../model/kind";
import { type ObjectId, type PoolId, parseObjectId, parsePoolId } from "../model/names";
import { parseBytes } from "../model/quantity";

/** Throws INVALID_ARGUMENT where the model of the kind refuses an input, naming each. */
export function assertInputs(kind: Kind, target: string, inputs: Record<string, unknown>): void {
  const issues = Object.entries(inputs).flatMap(([key, value]) => {
    const found = kind.inputs[key]?.safeParse(value).error?.issues ?? [];
    return found.map((issue) => ({ path: propertyPath([key, ...issue.path]), message: reasonOf(issue) }));
  });
  if (issues.length === 0) return;
  const text = issues.map((issue) => `${issue.path}: ${issue.message}`).join("; ");
  throw new KrStorageError("INVALID_ARGUMENT", `${target}: ${text}`, { target, issues });
}

export function poolOf(id: string): PoolId {
  const parsed = parsePoolId(id);
  if (parsed) return parsed;
  throw new KrStorageError(
    "INVALID_ARGUMENT",
    `"${id}" is not a pool id; write "<backend>/<pool>", such as "main/ssd"`,
    { target: id },
  );
}

export function volumeOf(id: string): ObjectId {
  const parsed = parseObjectId(id);
  if (parsed && !parsed.name.includes("@")) return parsed;
  throw new KrStorageError(
    "INVALID_ARGUMENT",
    `"${id}" is not the id of a volume or share; write "<backend>/<pool>/<volume>"`,
    {
      target: id,
    },
  );
}

export function objectOf(id: string): ObjectId {
  const parsed = parseObjectId(id);
  if (parsed) return parsed;
  throw new KrStorageError(
    "INVALID_ARGUMENT",
    `"${id}" is not the id of a volume, share or snapshot; write "<backend>/<pool>/<volume>" or "<backend>/<pool>/<volume>@<snapshot>"`,
    { target: id },
  );
}

export function sizeOf(id: string, size: string): number {
  const parsed = parseBytes(size);
  if ("bytes" in parsed) return parsed.bytes;
  throw new KrStorageError("INVALID_ARGUMENT", `${id}: ${parsed.problem}`, {
    target: id,
    issues: [{ path: "size", message: parsed.problem }],
  });
}
