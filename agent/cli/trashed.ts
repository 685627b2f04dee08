import { KrStorageError } from "../../provider/model/errors";
import { formatObjectId, formatPoolId, type PoolId, parseObjectId } from "../../provider/model/names";
import { poolOf } from "../../provider/storage/arguments";
import { isUid } from "./byUid";
import { showTime } from "./output/time";
import type { Session } from "./session";

/**
 * Which object of a trash is meant: `place` is its pool or its id, `which` its uid or its name. A name has to be the name of exactly
 * one object of the trash. Throws INVALID_ARGUMENT, NOT_FOUND or CONFLICT, and says where uids are listed.
 */
export async function trashedObject(
  session: Session,
  place: string,
  which: string | undefined,
): Promise<{ pool: string; uid: string }> {
  const id = parseObjectId(place);
  const where: PoolId = id ?? poolOf(place);
  const pool = formatPoolId(where);
  const list = `"krstorage ls ${pool} --trash" lists what is there`;
  if (which === undefined && id === undefined)
    throw new KrStorageError("INVALID_ARGUMENT", `which object of ${pool}? Give its uid; ${list}`, { target: pool });
  const trashed = (await session.storage.view(where, { maxAgeMs: 0 }))
    .all()
    .filter(({ phase }) => phase === "trashed")
    .map(({ record }) => record);
  if (which !== undefined && isUid(which)) {
    // The driver says of a uid that is not in the trash what there is to say
    const name = trashed.find(({ uid }) => uid === which)?.name;
    if (id !== undefined && name !== undefined && name !== id.name)
      throw new KrStorageError(
        "INVALID_ARGUMENT",
        `the object with uid ${which} is ${pool}/${name}, not ${place}; ${list}`,
        { target: place },
      );
    return { pool, uid: which };
  }
  if (which !== undefined && id !== undefined && which !== id.name)
    throw new KrStorageError("INVALID_ARGUMENT", `"${which}" is not a uid, which is 32 digits; ${list}`, {
      target: place,
    });
  const name = which ?? id?.name;
  const named = trashed.filter((record) => record.name === name);
  const [only, ...others] = named;
  if (only && others.length === 0) return { pool, uid: only.uid };
  if (only) {
    const uids = named.map(({ uid, trashedAt }) => `${uid} (deleted ${showTime(trashedAt)})`).join(", ");
    const what = formatObjectId({ ...where, name: only.name });
    throw new KrStorageError("CONFLICT", `${what} is in the trash more than once; give the uid: ${uids}`, {
      target: what,
    });
  }
  throw new KrStorageError(
    "NOT_FOUND",
    `nothing in the trash of ${pool} is named "${name}"; a uid is 32 digits, and ${list}`,
    { target: pool },
  );
}
