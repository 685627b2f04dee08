import { z } from "zod";

const namePattern = /^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$/;

/** Says what is wrong with a name, or undefined. Names are 1 to 63 of a-z, 0-9, `.`, `_`, `-`, and begin and end with a letter or digit. */
export function nameProblem(name: string): string | undefined {
  if (namePattern.test(name)) return undefined;
  return `"${quote(name, 40)}" is not a name; use 1 to 63 of a-z, 0-9, ".", "_", "-", beginning and ending with a letter or digit`;
}

/** Foreign text as it may stand in a message: short, and without control characters. */
export function quote(text: string, length: number): string {
  const printable = text.replace(/\p{C}/gu, "?");
  return printable.length > length ? `${printable.slice(0, length)}…` : printable;
}

/** The name an object gets when none is given: the logical name in lower case, other characters as `-`. Never random. */
export function nameFromLogical(logicalName: string): string {
  return logicalName
    .toLowerCase()
    .replace(/[^a-z0-9._-]/g, "-")
    .replace(/^[._-]+|[._-]+$/g, "")
    .slice(0, 63)
    .replace(/[._-]+$/, "");
}

/** A name given by a user. */
export const objectName = z.string().superRefine((name, context) => {
  const problem = nameProblem(name);
  if (problem) context.addIssue({ code: "custom", message: problem });
});

/** `main/ssd`: where a pool is. */
export interface PoolId {
  backend: string;
  pool: string;
}
/** `main/ssd/pgdata`: a volume, share or bucket. */
export interface ObjectId extends PoolId {
  name: string;
}

/** Reads `backend/pool`; undefined if it is not one. */
export function parsePoolId(id: string): PoolId | undefined {
  const parts = id.split("/");
  if (parts.length !== 2 || parts.some((part) => nameProblem(part))) return undefined;
  return { backend: parts[0] as string, pool: parts[1] as string };
}

/** Reads `backend/pool/name`, where name is `volume` or `volume@snapshot`; undefined if it is not one. */
export function parseObjectId(id: string): ObjectId | undefined {
  const parts = id.split("/");
  if (parts.length !== 3) return undefined;
  const [backend, pool, name] = parts as [string, string, string];
  const nameParts = name.split("@");
  if (nameParts.length > 2 || [backend, pool, ...nameParts].some((part) => nameProblem(part))) return undefined;
  return { backend, pool, name };
}

export function formatPoolId(id: PoolId): string {
  return `${id.backend}/${id.pool}`;
}
export function formatObjectId(id: ObjectId): string {
  return `${id.backend}/${id.pool}/${id.name}`;
}
/** The name of a snapshot within its pool: `pgdata@nightly`. */
export function snapshotName(source: string, snapshot: string): string {
  return `${source}@${snapshot}`;
}

/** A pool named by a user, as `backend/pool`. */
export const poolIdText = z.string().refine((id) => parsePoolId(id) !== undefined, {
  error: (issue) =>
    `"${quote(String(issue.input), 80)}" is not a pool id; write "<backend>/<pool>", such as "main/ssd", or pass the Pool itself`,
});
/** A volume named by a user, as `backend/pool/volume`. */
export const volumeIdText = z.string().refine((id) => parseObjectId(id) !== undefined && !id.includes("@"), {
  error: (issue) =>
    `"${quote(String(issue.input), 80)}" is not a volume id; write "<backend>/<pool>/<volume>", such as "main/ssd/pgdata"`,
});
/** A share named by a user, as `backend/pool/share`. */
export const shareIdText = z.string().refine((id) => parseObjectId(id) !== undefined && !id.includes("@"), {
  error: (issue) =>
    `"${quote(String(issue.input), 80)}" is not a share id; write "<backend>/<pool>/<share>", such as "main/ssd/home"`,
});
/** A volume or share named by a user, as `backend/pool/name`. */
export const dataIdText = z.string().refine((id) => parseObjectId(id) !== undefined && !id.includes("@"), {
  error: (issue) =>
    `"${quote(String(issue.input), 80)}" is not the id of a volume or share; write "<backend>/<pool>/<name>", such as "main/ssd/pgdata"`,
});
/** A snapshot named by a user, as `backend/pool/volume@snapshot`. */
export const snapshotIdText = z.string().refine((id) => parseObjectId(id) !== undefined && id.includes("@"), {
  error: (issue) =>
    `"${quote(String(issue.input), 80)}" is not a snapshot id; write "<backend>/<pool>/<volume>@<snapshot>"`,
});
/** The identity of one object. Never reused, never typed by hand: it is copied from an output or an error message. */
export const uidText = z.string().regex(/^[a-f0-9]{32}$/, {
  error: "expected the uid of an object (32 hexadecimal digits), as printed in its `uid` output",
});
