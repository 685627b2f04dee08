import { formatObjectId, type PoolId } from "../../../provider/model/names";
import { exactBytes, formatBytes } from "../../../provider/model/quantity";
import { liveObject, type ObjectDetails, objectDetails } from "../../../provider/storage/contents";
import { isUid, objectOfUid } from "../byUid";
import type { Command } from "../command";
import { type Cell, type Fields, statusCell } from "../output/blocks";
import { showTime } from "../output/time";
import type { Session } from "../session";

export const get: Command = {
  arguments: [
    { name: "<id|uid>", description: 'an object, such as "main/ssd/pgdata" or "main/ssd/pgdata@before", or its uid' },
  ],
  examples: [
    ["get main/ssd/pgdata", "uid, size, owner, who uses it, how to reach it"],
    ["get 3f9a1c0b2d4e5f60718293a4b5c6d7e8", "what has a uid, in whichever pool; the trash included"],
    ["get main/ssd/pgdata --json", "the same for programs"],
  ],
  async run(session, args) {
    const asked = args.needed(0);
    const { where, object } = isUid(asked)
      ? await objectOfUid(session, asked)
      : await liveObject(session.storage, asked);
    const details = objectDetails(where, object);
    const source = details.sourceUid && (await sourceText(session, where, details.sourceUid));
    return { json: { object: details }, text: [describeObject(details, source)] };
  },
};

/** What an object was made from, by the name that it has today. */
async function sourceText(session: Session, pool: PoolId, uid: string): Promise<string> {
  const source = (await session.storage.view(pool, { maxAgeMs: looksOfOneCommandMs })).byUid(uid);
  if (!source) return `uid ${uid}, which is not in the pool any more`;
  const id = formatObjectId({ ...pool, name: source.record.name });
  return `${id} (uid ${uid}${source.phase === "trashed" ? ", in the trash" : ""})`;
}

/** The look that has found the object serves for its source too. */
const looksOfOneCommandMs = 60_000;

/** One object, a property a line. */
function describeObject(object: ObjectDetails, source?: string): Fields {
  const { connection } = object;
  const fields: [string, Cell | undefined][] = [
    ["id", { text: object.id, tone: "strong" }],
    ["uid", object.uid],
    ["kind", object.kind],
    ["status", statusCell(object.status)],
    ["phase", phaseText(object)],
    ["problem", object.problem],
    ["size", exactBytes(object.sizeBytes)],
    ["occupies", object.allocatedBytes === undefined ? undefined : formatBytes(object.allocatedBytes)],
    ["owner", object.owner],
    ["created", `${showTime(object.createdAt)} by ${object.createdBy}`],
    ["protected", object.protection ? "yes: deleting is refused" : "no"],
    ["consistency", object.consistency],
    ["made from", source],
    ["used by", names(object.consumers)],
    ["held by", names(object.holds)],
    ["labels", pairs(object.labels)],
    ["connection", connection === undefined ? undefined : pairs(connection)],
  ];
  return { fields: fields.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as [string, Cell]])) };
}

/** Said of what is not simply there. */
function phaseText({ phase, expiresAt }: ObjectDetails): Cell | undefined {
  if (phase === "live") return undefined;
  return { text: phase === "trashed" ? `in the trash until ${showTime(expiresAt)}` : phase, tone: "warn" };
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
