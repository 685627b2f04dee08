import { KrStorageError } from "../../model/errors";
import { type KindName, kinds } from "../../model/kinds";

/** `urn:pulumi:<stack>::<project>::<type>$<type>::<name>`; only the name may itself hold "::". */
const urnPattern = /^urn:pulumi:((?:(?!::).)*)::((?:(?!::).)*)::((?:(?!::).)*)::(.*)$/s;

/** A type of ours, in the plugin or in the dynamic host: what is left is the kind. */
const ownToken = /^(?:krstorage:index:|pulumi-nodejs:dynamic\/krstorage:)/;

/** Who declares a resource: `<project>/<stack>/<parent chain + kind>/<logical name>`, as the SDK's classes compute it. */
export function ownerOf(urn: string): string {
  const match = urnPattern.exec(urn);
  if (!match) throw new KrStorageError("INVALID_ARGUMENT", `"${urn}" is not the URN of a resource`);
  const [, stack, project, types, name] = match as unknown as [string, string, string, string, string];
  const chain = types.split("$").map((type) => type.replace(ownToken, "").replaceAll("/", ":"));
  return `${project}/${stack}/${chain.join("$")}/${name}`;
}

const names = new Map(Object.entries(kinds).map(([name, kind]) => [`krstorage:index:${kind.name}`, name as KindName]));

/** The kind of a type token. Throws INVALID_ARGUMENT, naming those there are. */
export function kindOf(token: string): KindName {
  const name = names.get(token);
  if (name) return name;
  throw new KrStorageError(
    "INVALID_ARGUMENT",
    `krstorage has no resource type "${token}"; types are ${[...names.keys()].join(", ")}`,
  );
}

/** The type token of a resource, which is the last part of the chain in its URN. */
export function typeOf(urn: string): string {
  return urnPattern.exec(urn)?.[3]?.split("$").pop() ?? "";
}
