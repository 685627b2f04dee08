import { readFileSync } from "node:fs";
import { KrStorageError, messageOf } from "../../provider/model/errors";

const uidPattern = /^[a-f0-9]{32}$/;

/** The uids in an exported state. Throws INVALID_ARGUMENT for what is none: it is never taken for a stack without objects. */
export function uidsInFile(file: string): string[] {
  try {
    return uidsInState(readFileSync(file, "utf8"), file);
  } catch (error) {
    if (KrStorageError.isInstance(error)) throw error;
    throw new KrStorageError("INVALID_ARGUMENT", `the state ${file} cannot be read: ${messageOf(error)}`);
  }
}

/**
 * As `uidsInFile`, from the text. Every uid counts wherever it stands, in pending operations and old inputs as well: an object
 * that is taken for known by mistake is only not listed, one that is taken for an orphan may be deleted.
 */
export function uidsInState(text: string, where: string): string[] {
  const state = parse(text, where);
  const uids = new Set<string>();
  const walk = (value: unknown): void => {
    if (typeof value === "string" && uidPattern.test(value)) uids.add(value);
    else if (typeof value === "object" && value !== null) for (const inner of Object.values(value)) walk(inner);
  };
  walk(state);
  return [...uids];
}

function parse(text: string, where: string): unknown {
  let state: unknown;
  try {
    state = JSON.parse(text);
  } catch {
    throw notAState(where); // the parser's message would quote the state, which may hold secrets
  }
  const holder = field(state, "deployment") ?? field(field(state, "checkpoint"), "latest");
  if (typeof holder !== "object" || holder === null) throw notAState(where);
  const resources = field(holder, "resources");
  // A stack that was just made has no resources at all
  if (resources !== undefined && !Array.isArray(resources)) throw notAState(where);
  return state;
}

function field(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}

function notAState(where: string): KrStorageError {
  return new KrStorageError(
    "INVALID_ARGUMENT",
    `${where} is not a state of Pulumi; write one with "pulumi stack export --file FILE"`,
    { target: where },
  );
}
