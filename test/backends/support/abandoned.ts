import type { Bench } from "../../../provider/testing/bench";
import type { CephUser } from "./cephUser";

/**
 * Leaves a pool as a process that was killed between making an object and publishing it: for 20 seconds it is its maker's. `change`
 * changes the entry further.
 */
export async function leaveUnpublished(
  bench: Bench,
  user: CephUser,
  { uid, name }: { uid: string; name: string },
  fields: Record<string, unknown> = {},
): Promise<void> {
  const pool = bench.ref.name;
  const entry = JSON.parse((await user.do("read_table", { pool, key: `o.${uid}` })) as string);
  const value = JSON.stringify({ ...entry, phase: "creating", leaseUntil: Date.now() + 20_000, ...fields });
  await user.do("edit_table", { pool, key: `o.${uid}`, value });
  await user.do("edit_table", { pool, key: `n.${name}`, value: JSON.stringify(uid) });
}
