import { parseObjectId } from "../../model/names";

/**
 * "delete those first", with the command lines for it: snapshots before what they are of. What a stack declares is better deleted
 * there. Names that cannot be typed as they stand are left out of the commands.
 */
export function deleteFirst(pool: string, names: string[]): string {
  const ids = names.map((name) => `${pool}/${name}`).filter((id) => parseObjectId(id));
  const commands = [...ids.filter(isSnapshot), ...ids.filter((id) => !isSnapshot(id))].map(
    (id) => `krstorage delete ${id}`,
  );
  const how = commands.length === 0 ? "" : `, where no stack declares them with: ${commands.join(" && ")}`;
  return `delete those first${how}`;
}

function isSnapshot(id: string): boolean {
  return id.includes("@");
}
