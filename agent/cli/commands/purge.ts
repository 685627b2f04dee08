import { KrStorageError } from "../../../provider/model/errors";
import type { PoolId } from "../../../provider/model/names";
import { poolOf } from "../../../provider/storage/arguments";
import { type ObjectDetails, type PoolContents, poolContents } from "../../../provider/storage/contents";
import { purgeExpired, purgeObject } from "../../../provider/storage/trash";
import type { Arguments, Command, Result } from "../command";
import { registeredUses } from "../obstacles";
import type { Block } from "../output/blocks";
import { showTime, showTimes } from "../output/time";
import type { Session } from "../session";

interface Purged {
  uid: string;
  id: string;
}
interface Kept extends Purged {
  reason: string;
}

export const purge: Command = {
  arguments: [{ name: "<pool>", description: 'a pool, such as "main/ssd"' }],
  options: [
    { flags: "--uid <uid>", description: "only this object" },
    {
      flags: "--allow-data-loss <uid>",
      description: "the same uid again: end its data now, before its time. It cannot be brought back",
    },
    { flags: "--dry-run", description: "say what would be ended, and end nothing" },
  ],
  details:
    "Ends data for good. Without options only what the trash has kept for its whole time, by the backend's own clock. " +
    "Live objects are never purged, nor what is held or in use.",
  examples: [
    ["purge main/ssd --dry-run", "what has expired, and what is kept for how long"],
    ["purge main/ssd", "end what has expired"],
    [
      "purge main/ssd --uid 3f9a1c0b2d4e5f60718293a4b5c6d7e8 --allow-data-loss 3f9a1c0b2d4e5f60718293a4b5c6d7e8",
      "end one object of the trash at once, for good",
    ],
  ],
  async run(session, args) {
    const pool = poolOf(args.needed(0));
    const { uid, isAllowed } = permissionOf(args);
    const contents = await poolContents(session.storage, pool);
    if (uid !== undefined && !contents.objects.some((object) => object.uid === uid))
      throw new KrStorageError("NOT_FOUND", `no object of pool ${contents.id} has the uid ${uid}`);
    if (args.flag("dryRun")) return answer(plan(contents, uid, isAllowed), true);
    return answer(
      uid === undefined
        ? await endExpired(session, pool, contents)
        : await endOne(session, pool, contents, uid, isAllowed),
      false,
    );
  },
};

function permissionOf(args: Arguments): { uid: string | undefined; isAllowed: boolean } {
  const [uid, allowed] = [args.text("uid"), args.text("allowDataLoss")];
  if (allowed !== undefined && allowed !== uid)
    throw new KrStorageError(
      "INVALID_ARGUMENT",
      "--allow-data-loss names the very object whose data may end: give the same uid as --uid",
    );
  return { uid, isAllowed: allowed !== undefined };
}

async function endExpired(session: Session, pool: PoolId, contents: PoolContents): Promise<Outcome> {
  const { purged, kept } = await purgeExpired(session.storage, pool, session.signal);
  const ids = new Map(contents.objects.map((object) => [object.uid, object.id]));
  return { purged: purged.map((uid) => ({ uid, id: ids.get(uid) ?? uid })), kept };
}

async function endOne(
  session: Session,
  pool: PoolId,
  contents: PoolContents,
  uid: string,
  isAllowed: boolean,
): Promise<Outcome> {
  await purgeObject(session.storage, pool, isAllowed ? { uid, allowDataLoss: uid } : { uid }, session.signal);
  const id = contents.objects.find((object) => object.uid === uid)?.id ?? uid;
  return { purged: [{ uid, id }], kept: [] };
}

interface Outcome {
  purged: Purged[];
  kept: Kept[];
}

/** What a purge would do now. The backend decides once more when it is done. */
function plan(contents: PoolContents, uid: string | undefined, isAllowed: boolean): Outcome {
  const outcome: Outcome = { purged: [], kept: [] };
  for (const object of contents.objects) {
    if (uid === undefined ? object.phase !== "trashed" && object.phase !== "purging" : object.uid !== uid) continue;
    const reason = reasonToKeep(object, contents.at, isAllowed);
    if (reason === undefined) outcome.purged.push({ uid: object.uid, id: object.id });
    else outcome.kept.push({ uid: object.uid, id: object.id, reason });
  }
  return outcome;
}

function reasonToKeep(object: ObjectDetails, now: number, isAllowed: boolean): string | undefined {
  if (object.phase === "purging") return undefined;
  if (object.phase !== "trashed") return "it is not in the trash; delete it first";
  const kept = registeredUses(object)[0]?.sentence;
  if (kept !== undefined || isAllowed) return kept;
  const isExpired = object.expiresAt !== undefined && Date.parse(object.expiresAt) <= now;
  return isExpired
    ? undefined
    : `kept until ${object.expiresAt === undefined ? "someone decides" : showTime(object.expiresAt)}`;
}

function answer({ purged, kept }: Outcome, dryRun: boolean): Result {
  const rows = [
    ...purged.map(({ id, uid }) => [id, dryRun ? "would be ended" : "ended", uid]),
    ...kept.map(({ id, uid, reason }) => [id, showTimes(reason), uid]),
  ];
  const text: Block[] = rows.length === 0 ? ["Nothing is in the trash."] : [{ columns: ["ID", "WHAT", "UID"], rows }];
  return { json: { dryRun, purged, kept }, text };
}
