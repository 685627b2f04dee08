import type { z } from "zod";

/** `["access", 0, "client"]` as `access[0].client`. The first part stands as it is; later ones are quoted where they are no words. */
export function propertyPath(parts: readonly PropertyKey[]): string {
  return parts.reduce<string>((path, part, index) => (index === 0 ? printable(part) : path + pathPart(part)), "");
}

function pathPart(part: PropertyKey): string {
  if (typeof part === "number") return `[${part}]`;
  const text = printable(part);
  return /^[A-Za-z_]\w*$/.test(text) ? `.${text}` : `["${text.replaceAll('"', "'")}"]`;
}

function printable(part: PropertyKey): string {
  return String(part).replace(/\p{C}/gu, "?");
}

/** What is wrong, in our words where zod's say less than they know. */
export function reasonOf(issue: z.core.$ZodIssue): string {
  if (issue.code === "unrecognized_keys") return `unknown property "${printable(issue.keys[0] ?? "")}"`;
  if (issue.code === "invalid_key") return issue.issues.map((inner) => inner.message).join("; ");
  return issue.message;
}
