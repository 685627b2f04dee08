import type { StoredObject } from "../../../provider/drivers/driver";
import { KrStorageError } from "../../../provider/model/errors";
import { formatPoolId, type ObjectId } from "../../../provider/model/names";
import { objectOf } from "../../../provider/storage/arguments";
import { discardMissing } from "../../../provider/storage/change";
import type { Command, Result } from "../command";
import type { Session } from "../session";

export const forget: Command = {
  arguments: [{ name: "<id>", description: "the object that a stack knows and its pool has not" }],
  options: [
    { flags: "--discard <uid>", description: "put the stale record of this missing object into the trash of its pool" },
  ],
  details:
    "Says what the backend still has of an object that is missing, and how a stack lets go of it. What is there with " +
    "its bytes is never forgotten here. States are only changed by Pulumi's own CLI.",
  examples: [
    ["forget main/ssd/pgdata", "what is left of it, and the steps"],
    ["forget main/ssd/pgdata --discard 3f9a1c0b2d4e5f60718293a4b5c6d7e8", "take the stale record away"],
  ],
  async run(session, args) {
    const id = args.needed(0);
    const where = objectOf(id);
    const view = await session.storage.view(where, { maxAgeMs: 0 });
    const damaged = view.damagedByName(where.name);
    if (damaged)
      throw new KrStorageError(
        "PRECONDITION_FAILED",
        `${id} (uid ${damaged.uid}) is damaged, not missing: ${damaged.problem}; run "krstorage fsck ${formatPoolId(where)} --repair"`,
        { target: id },
      );
    const live = view.byName(where.name);
    if (live) return forgetLive(session, where, id, live, args.text("discard"));
    refuseDiscard(id, args.text("discard"));
    const trashed = view.all().filter(({ phase, record }) => phase === "trashed" && record.name === where.name);
    const left = trashed.map(
      ({ record }) => `uid ${record.uid} is in the trash: krstorage undelete ${formatPoolId(where)} ${record.uid}`,
    );
    return answer(id, undefined, trashed.length === 0 ? "nothing" : "trash", [
      `${id} is not in pool ${formatPoolId(where)} (identity ${view.pool.record.identity}).`,
      ...left,
    ]);
  },
};

/** What may be found of an object that a state holds. */
type Found = "nothing" | "trash" | "stale record" | "discarded";

async function forgetLive(
  session: Session,
  where: ObjectId,
  id: string,
  live: StoredObject,
  discard: string | undefined,
): Promise<Result> {
  const { record, health } = live;
  if (health !== "missing")
    throw new KrStorageError(
      "PRECONDITION_FAILED",
      `${id} (uid ${record.uid}) is ${health}, not missing: there is nothing to forget. A stack lets go of it with "pulumi state delete"; its bytes go into the trash with "krstorage delete ${id}"`,
      { target: id },
    );
  if (discard === undefined) {
    return answer(id, record.uid, "stale record", [
      `${id} (uid ${record.uid}, owner ${record.owner}) is missing: ${live.problem ?? "its data is gone"}.`,
      `Its record is still in the pool; take it away with: krstorage forget ${id} --discard ${record.uid}`,
    ]);
  }
  if (discard !== record.uid)
    throw new KrStorageError("CONFLICT", `${id} has the uid ${record.uid}, not ${discard}; nothing was changed`, {
      target: id,
    });
  await discardMissing(session.storage, where, record, session.signal);
  return answer(id, record.uid, "discarded", [
    `The stale record of ${id} (uid ${record.uid}) is in the trash of its pool.`,
  ]);
}

function refuseDiscard(id: string, discard: string | undefined): void {
  if (discard === undefined) return;
  throw new KrStorageError("NOT_FOUND", `the pool has no record of ${id} that could be discarded`, { target: id });
}

function answer(id: string, uid: string | undefined, found: Found, first: string[]): Result {
  const steps = [
    'pulumi stack --show-urns   (find its URN; run "pulumi refresh" first)',
    "pulumi state delete '<urn>'",
    "remove it from the program, or leave it there to have a new, empty one made",
  ];
  return {
    json: { id, ...(uid === undefined ? {} : { uid }), found, steps },
    text: [
      ...first,
      "A stack that still knows it lets go of it so:",
      ...steps.map((step, index) => `  ${index + 1}. ${step}`),
    ],
  };
}
