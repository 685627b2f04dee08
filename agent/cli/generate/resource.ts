import type { Declared } from "../../../provider/lifecycle/declared";
import { kinds } from "../../../provider/model/kinds";
import { parseObjectId } from "../../../provider/model/names";

/** One resource of a generated stack. */
export interface GeneratedResource {
  /** Its type token. */
  type: string;
  /** What the import file calls it, unique in the file. */
  name: string;
  /** What the program calls it, unique among its type. */
  logicalName: string;
  /** What holds it in the program. */
  variable: string;
  declared: Declared;
}

/** Gives everything that was found the names of a stack. */
export function nameResources(found: readonly Declared[]): GeneratedResource[] {
  const names = new Names();
  const variables = new Names(reservedWords);
  const logicalNames = new Map<string, Names>();
  return found.map((declared) => {
    const { name: kind } = kinds[declared.kind];
    const ofKind = logicalNames.get(kind) ?? new Names();
    logicalNames.set(kind, ofKind);
    const logicalName = ofKind.take(logicalNameOf(declared), () => placeName(declared.id));
    const name = names.take(logicalName, () => `${logicalName}-${declared.kind}`);
    const variable = identifierOf(logicalName);
    return {
      type: `krstorage:index:${kind}`,
      name,
      logicalName,
      variable: variables.take(variable, () => identifierOf(`${logicalName}-${declared.kind}`), ""),
      declared,
    };
  });
}

/** Hands out each name once. */
class Names {
  private readonly taken: Set<string>;
  constructor(taken: Iterable<string> = []) {
    this.taken = new Set(taken);
  }
  /** The name, or where it is taken the other one, or that with a number behind it. */
  take(name: string, other: () => string, separator = "-"): string {
    let free = name;
    for (let count = 1; this.taken.has(free); count++)
      free = count === 1 ? other() : `${other()}${separator}${String(count)}`;
    this.taken.add(free);
    return free;
  }
}

/**
 * The name that the stack which declared it gave it, so that a stack whose state was lost finds its objects under the names of
 * its own program; otherwise the name of the object.
 */
function logicalNameOf({ kind, id, owner }: Declared): string {
  const [, , chain, ...rest] = owner.split("/");
  const given = rest.join("/");
  // An owner is text from the backend: only what is plainly a name becomes one
  if (chain === kinds[kind].name && /^[\w.@-]+$/.test(given)) return given;
  return objectName(id);
}

/** `data-before` of `main/ssd/data@before`. */
function objectName(id: string): string {
  return (id.split("/").pop() ?? id).replace("@", "-");
}
/** `ssd-data-before` of `main/ssd/data@before`. */
function placeName(id: string): string {
  const place = parseObjectId(id);
  return place ? `${place.pool}-${objectName(id)}` : objectName(id);
}

/** `appData2` of `app-data.2`. */
function identifierOf(name: string): string {
  const words = name.split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
  const joined = words.map((word, index) => (index === 0 ? lowerFirst(word) : upperFirst(word))).join("");
  return /^[a-z]/.test(joined) ? joined : `_${joined}`;
}
function lowerFirst(word: string): string {
  return word.charAt(0).toLowerCase() + word.slice(1);
}
function upperFirst(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** Words that cannot name a constant at the top of a module. */
const reservedWords = (
  "abstract arguments as async await boolean break case catch class const continue debugger declare default delete do else enum eval " +
  "exports export extends false finally for function get if implements import in instanceof interface let module namespace new null number " +
  "of package private protected public require return set static string super switch this throw true try type typeof undefined var void " +
  "while with yield"
).split(" ");
