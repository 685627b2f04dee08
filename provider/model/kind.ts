import type { z } from "zod";
import { bytesOf, bytesPerSecond, durationMs } from "./quantity";

type Shape = Readonly<Record<string, z.ZodType>>;

/** The declaration of one kind. Validation, TypeScript types, state and docs are derived from it; a rule stands nowhere else. */
export interface Kind {
  /** `Volume`: the class, the last part of every type token, and the last part of an owner's chain. */
  readonly name: string;
  readonly inputs: Shape;
  /** What an object puts out beside its inputs. */
  readonly outputs: Shape;
  /** Inputs that cannot change in place. A change is refused unless the user allows the data of this very object to be given up. */
  readonly immutable: readonly string[];
  /** Inputs that permit something once. They never make a diff: a permission that has been used says nothing about the object. */
  readonly permissions: readonly string[];
  /** Of each of these groups at least one input is required. */
  readonly atLeastOneOf?: readonly (readonly string[])[];
  /** The inputs of each of these groups are given all or none. */
  readonly together?: readonly (readonly string[])[];
}

/** Declares a kind, keeping the types of its inputs and outputs. */
export function defineKind<const Inputs extends Shape, const Outputs extends Shape>(
  kind: TypedKind<Inputs, Outputs>,
): TypedKind<Inputs, Outputs> {
  return kind;
}
type TypedKind<Inputs extends Shape, Outputs extends Shape> = Omit<
  Kind,
  "inputs" | "outputs" | "immutable" | "permissions" | "atLeastOneOf" | "together"
> & {
  readonly inputs: Inputs;
  readonly outputs: Outputs;
  readonly immutable: readonly (keyof Inputs & string)[];
  readonly permissions: readonly (keyof Inputs & string)[];
  readonly atLeastOneOf?: readonly (readonly (keyof Inputs & string)[])[];
  readonly together?: readonly (readonly (keyof Inputs & string)[])[];
};

/** The inputs that may be left out. */
export type OptionalKeys<Of extends Shape> = {
  [Key in keyof Of]: undefined extends z.input<Of[Key]> ? Key : never;
}[keyof Of];

/** The values of a shape, as plain data. Every property keeps its documentation. */
export type ValuesOf<Of extends Shape> = {
  -readonly [Key in keyof Omit<Of, OptionalKeys<Of>> & keyof Of]: z.input<Of[Key]>;
} & {
  -readonly [Key in keyof Pick<Of, OptionalKeys<Of>>]?: z.input<Of[Key]> | undefined;
};

/** Whether two values of one input mean the same: "1024MiB" is "1GiB", and the order of keys says nothing. */
export function sameInput(schema: z.ZodType | undefined, a: unknown, b: unknown): boolean {
  if (a === undefined || b === undefined || a === null || b === null) return (a ?? undefined) === (b ?? undefined);
  const format = schema && metaOf(schema, "format");
  if (typeof a === "string" && typeof b === "string") {
    if (a === b) return true;
    try {
      if (format === "bytes") return bytesOf(a) === bytesOf(b);
      if (format === "duration") return durationMs(a) === durationMs(b);
      if (format === "rate") return bytesPerSecond(a) === bytesPerSecond(b) && bytesPerSecond(a) !== undefined;
    } catch {
      return false; // one of them was never valid, so they are not known to be equal
    }
    return false;
  }
  const shape = schema && shapeOf(schema);
  if (shape && isObject(a) && isObject(b)) {
    const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
    return [...keys].every((key) => sameInput(Object.hasOwn(shape, key) ? shape[key] : undefined, a[key], b[key]));
  }
  return canonicalJson(a) === canonicalJson(b);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The properties of an object schema, seen through `.optional()` and the like. */
function shapeOf(schema: z.ZodType): Shape | undefined {
  const { shape, innerType } = (schema as { def?: { shape?: Shape; innerType?: z.ZodType } }).def ?? {};
  return shape ?? (innerType && shapeOf(innerType));
}

/** What a schema was declared with under `key` (`.meta({ format: … })`), seen through `.optional()` and the like. */
export function metaOf(schema: z.ZodType, key: "format" | "secret"): unknown {
  const own = schema.meta()?.[key];
  if (own !== undefined) return own;
  const inner = (schema as { def?: { innerType?: z.ZodType } }).def?.innerType;
  return inner ? metaOf(inner, key) : undefined;
}

/** JSON with sorted keys and without undefined or null properties, so that equal data is equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    const sorted = Object.entries(inner)
      .filter(([, property]) => property !== undefined && property !== null)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(sorted);
  });
}
