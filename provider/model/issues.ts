import type { z } from "zod";

type Issue = z.core.$ZodIssue;

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

/** What is wrong, in our words where zod's are a programmer's. `schema` is what was asked, to tell what would be right. */
export function reasonOf(issue: Issue, schema?: z.ZodType): string {
  switch (issue.code) {
    case "unrecognized_keys": {
      const known = Object.keys((schema && shapeAt(schema, issue.path)) ?? {});
      return `unknown property "${printable(issue.keys[0] ?? "")}"${known.length === 0 ? "" : `; ${suggestion(issue.keys[0] ?? "", known)}`}`;
    }
    case "invalid_key":
      return issue.issues.map((inner) => inner.message).join("; ");
    case "invalid_type":
      return isOurs(issue) ? issue.message : `expected ${nouns[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      return isOurs(issue) ? issue.message : `expected ${choice(issue.values.map((value) => JSON.stringify(value)))}`;
    case "too_small":
      return isOurs(issue) ? issue.message : `at least ${issue.minimum}`;
    case "too_big":
      return isOurs(issue) ? issue.message : `at most ${issue.maximum}`;
    default:
      return issue.message;
  }
}

/** `a`, `a or b`, `a, b or c`. */
function choice(values: string[]): string {
  const last = values.at(-1) ?? "nothing";
  return values.length < 2 ? last : `${values.slice(0, -1).join(", ")} or ${last}`;
}

const nouns: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "properties",
  record: "names with their values",
};

/** Whether a schema was given its own sentence; zod's own ones begin with these words. */
function isOurs({ message }: Issue): boolean {
  return !/^(Invalid (input|option)|Too (small|big))\b/.test(message);
}

/** The issues that say something: one about a whole is left out where a part of it is wrong already. */
export function telling(issues: readonly Issue[]): Issue[] {
  const paths = issues.map((issue) => fullPath(issue));
  return issues.filter(
    (_, index) =>
      !paths.some(
        (path, other) =>
          other !== index &&
          path.length > (paths[index] as PropertyKey[]).length &&
          (paths[index] as PropertyKey[]).every((part, depth) => path[depth] === part),
      ),
  );
}

/** Where an issue is; an unknown key is part of its path. */
export function fullPath(issue: Issue): PropertyKey[] {
  return [...issue.path, ...(issue.code === "unrecognized_keys" ? issue.keys.slice(0, 1) : [])];
}

/** What was meant by a key that is none, or which there are. `what` is what they are called. */
export function suggestion(key: string, known: readonly string[], what = "properties"): string {
  const similar = known.find((other) => other.toLowerCase() === key.toLowerCase() || distance(other, key) <= 2);
  return similar ? `did you mean "${similar}"?` : `${what} are ${known.join(", ")}`;
}

/** The properties of the object at a path below a schema, seen through `.optional()`, arrays and the like. */
function shapeAt(schema: z.ZodType, path: readonly PropertyKey[]): Record<string, z.ZodType> | undefined {
  const { shape, innerType, element, valueType } =
    (
      schema as {
        def?: { shape?: Record<string, z.ZodType>; innerType?: z.ZodType; element?: z.ZodType; valueType?: z.ZodType };
      }
    ).def ?? {};
  if (innerType) return shapeAt(innerType, path);
  if (path.length === 0) return shape;
  const next = element ?? valueType ?? shape?.[String(path[0])];
  return next && shapeAt(next, path.slice(1));
}

/** How many letters differ (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
