import { KrStorageError } from "../../provider/model/errors";
import { suggestion } from "../../provider/model/issues";
import { parsePoolId } from "../../provider/model/names";
import { poolsOf } from "../../provider/storage/poolUse";
import { isUid } from "./byUid";
import type { Session } from "./session";
import { configHint } from "./unconfigured";

/** An error of a command with what a person at a command line needs besides. The code and everything else stay. */
export async function withHint(session: Session, error: KrStorageError): Promise<KrStorageError> {
  const hint = await hintFor(session, error).catch(() => undefined);
  if (hint === undefined) return error;
  const { code, message, retryable, outcome, target, issues, cause } = error;
  return new KrStorageError(code, `${message}; ${hint}`, {
    retryable,
    outcome,
    issues,
    cause,
    ...(target === undefined ? {} : { target }),
  });
}

async function hintFor(session: Session, { code, target }: KrStorageError): Promise<string | undefined> {
  if (target === undefined || session.signal.aborted) return undefined;
  if (code === "UNAVAILABLE") return otherPools(session, target);
  if (code !== "INVALID_ARGUMENT") return undefined;
  if (isUid(target)) return `"krstorage get ${target}" says which object has this uid`;
  const isUnknownBackend = !target.includes("/") && !session.storage.backendNames().includes(target);
  return session.config.isDefault && isUnknownBackend ? lowerFirst(configHint()) : undefined;
}

/** A pool that is not there may be one whose disk is not mounted. It may also be mistyped, so those that are there are named. */
async function otherPools(session: Session, target: string): Promise<string | undefined> {
  const id = parsePoolId(target);
  if (!id) return undefined;
  const names = (await poolsOf(session.storage, id.backend)).flatMap((pool) => parsePoolId(pool.id)?.pool ?? []);
  if (names.length === 0 || names.includes(id.pool)) return undefined;
  const similar = suggestion(id.pool, names, "");
  const there = `pools of ${id.backend} are ${names.join(", ")}`;
  return similar.startsWith("did you mean") ? `${there}; ${similar}` : there;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
