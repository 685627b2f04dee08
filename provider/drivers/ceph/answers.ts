import type { z } from "zod";
import { KrStorageError, type Outcome } from "../../model/errors";

/** What an answer of the cluster says. Throws PROTOCOL with the place that cannot be read; `about` is for the message. */
export function readAnswer<Result>(
  schema: z.ZodType<Result>,
  value: unknown,
  about: { what: string; target: string; answer: string; outcome?: Outcome },
): Result {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { what, target, answer, outcome } = about;
  const [issue] = parsed.error.issues;
  throw new KrStorageError(
    "PROTOCOL",
    `${what} ${target}: ${answer} cannot be read at ${issue?.path.join(".") || "its top"}: ${issue?.message}`,
    { target, ...(outcome === undefined ? {} : { outcome }) },
  );
}

/** As `readAnswer`, of the text with which Ceph answers a command in JSON. */
export function readCommandAnswer<Result>(
  schema: z.ZodType<Result>,
  text: string,
  { prefix, what, target }: { prefix: unknown; what: string; target: string },
): Result {
  return readAnswer(schema, fromJson(text), { what, target, answer: `the answer to "ceph ${String(prefix)}"` });
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
