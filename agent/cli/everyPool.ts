import { KrStorageError } from "../../provider/model/errors";
import { formatPoolId, type PoolId, parsePoolId } from "../../provider/model/names";
import { poolOf } from "../../provider/storage/arguments";
import { poolsOf } from "../../provider/storage/poolUse";
import { exitCodes } from "./exitCodes";
import type { Session } from "./session";

/** A backend or pool that could not be asked. */
export interface Problem {
  target: string;
  code: KrStorageError["code"];
  message: string;
}
export interface Gathered<T> {
  found: T[];
  /** An answer that leaves something out says so, in its exit code too. */
  problems: Problem[];
  exitCode: number;
}

/** Asks one pool, whose failure is the command's, or every pool of every backend; then one that is down hides no other. */
export async function askPools<T>(
  session: Session,
  pool: string | undefined,
  ask: (pool: PoolId) => Promise<T>,
): Promise<Gathered<T>> {
  if (pool !== undefined) return { found: [await ask(poolOf(pool))], problems: [], exitCode: 0 };
  const { found: pools, problems } = await askBackends(session, async (backend) => {
    return (await poolsOf(session.storage, backend)).flatMap(({ id }) => parsePoolId(id) ?? []);
  });
  return collect(session, pools.flat(), formatPoolId, ask, problems);
}

/** Asks every backend. */
export function askBackends<T>(session: Session, ask: (backend: string) => Promise<T>): Promise<Gathered<T>> {
  return collect(session, session.storage.backendNames(), (name) => name, ask, []);
}

async function collect<Target, T>(
  session: Session,
  targets: Target[],
  nameOf: (target: Target) => string,
  ask: (target: Target) => Promise<T>,
  before: Problem[],
): Promise<Gathered<T>> {
  const found: T[] = [];
  const problems = [...before];
  for (const target of targets) {
    try {
      found.push(await ask(target));
    } catch (error) {
      if (!KrStorageError.isInstance(error) || session.signal.aborted) throw error;
      session.warn(error.message);
      problems.push({ target: nameOf(target), code: error.code, message: error.message });
    }
  }
  const [first] = problems;
  return { found, problems, exitCode: first ? exitCodes[first.code] : 0 };
}
