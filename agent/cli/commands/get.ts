import { exactBytes, formatBytes } from "../../../provider/model/quantity";
import { liveObject, type ObjectDetails, objectDetails } from "../../../provider/storage/contents";
import type { Command } from "../command";
import { type Cell, type Fields, statusCell } from "../output/blocks";
import { showTime } from "../output/time";

export const get: Command = {
  arguments: [{ name: "<id>", description: 'an object, such as "main/ssd/pgdata" or "main/ssd/pgdata@before"' }],
  examples: [
    ["get main/ssd/pgdata", "uid, size, owner, who uses it, how to reach it"],
    ["get main/ssd/pgdata --json", "the same for programs"],
  ],
  async run(session, args) {
    const { where, object } = await liveObject(session.storage, args.needed(0));
    const details = objectDetails(where, object);
    return { json: { object: details }, text: [describeObject(details)] };
  },
};

/** One object, a property a line. */
export function describeObject(object: ObjectDetails): Fields {
  const { connection } = object;
  const fields: [string, Cell | undefined][] = [
    ["id", { text: object.id, tone: "strong" }],
    ["uid", object.uid],
    ["kind", object.kind],
    ["status", statusCell(object.status)],
    ["problem", object.problem],
    ["size", exactBytes(object.sizeBytes)],
    ["occupies", object.allocatedBytes === undefined ? undefined : formatBytes(object.allocatedBytes)],
    ["owner", object.owner],
    ["created", `${showTime(object.createdAt)} by ${object.createdBy}`],
    ["protected", object.protection ? "yes: deleting is refused" : "no"],
    ["consistency", object.consistency],
    ["made from", object.sourceUid],
    ["used by", names(object.consumers)],
    ["held by", names(object.holds)],
    ["labels", pairs(object.labels)],
    ["connection", connection === undefined ? undefined : pairs(connection)],
  ];
  return { fields: fields.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as [string, Cell]])) };
}

function names(uses: { id: string; since: string }[]): string | undefined {
  return uses.length === 0 ? undefined : uses.map(({ id, since }) => `${id} since ${showTime(since)}`).join(", ");
}

function pairs(values: object): string | undefined {
  const all = Object.entries(values).map(
    ([key, value]) => `${key}=${typeof value === "object" ? JSON.stringify(value) : String(value)}`,
  );
  return all.length === 0 ? undefined : all.join(" ");
}
