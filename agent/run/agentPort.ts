import type { Driver, Match, StoredObject } from "../../provider/drivers/driver";
import { KrStorageError } from "../../provider/model/errors";
import type { Backend } from "../../provider/storage/backend";
import type { AgentDriver, BackendPort } from "./backendPort";
import { ownerOf } from "./ownSnapshots";

/** A backend for whoever runs policies. The driver that is handed out has no other methods, and of these only the part that policies need. */
export function agentPort(backend: Backend): BackendPort {
  return {
    name: backend.name,
    get isReadOnly() {
      return backend.isReadOnly;
    },
    read: (signal, action) => backend.read(signal, (driver, call) => action(narrowed(driver), call)),
    write: (signal, action) => backend.write(signal, (driver, call) => action(narrowed(driver), call)),
  };
}

function narrowed(driver: Driver): AgentDriver {
  const { nodes } = driver;
  return {
    ...(nodes ? { nodes: (call) => nodes.call(driver, call) } : {}),
    listPools: (call) => driver.listPools(call),
    list: (pool, call) => driver.list(pool, call),
    create: async (pool, snapshot, call) => {
      assertOfPolicy(snapshot);
      return driver.create(pool, snapshot, call);
    },
    update: async (pool, snapshot, { consistency }, call) =>
      driver.update(pool, policyMatch(snapshot), { consistency }, call),
    trash: async (pool, snapshot, retentionMs, call) => driver.trash(pool, policyMatch(snapshot), retentionMs, call),
    // Without the permission that would end data before its time
    purge: (pool, { uid }, call) => driver.purge(pool, { uid }, call),
    fsck: (pool, _options, call) => driver.fsck(pool, { repair: false }, call),
    updatePolicy: (pool, match, _change, call) => driver.updatePolicy(pool, match, { approvedDeletes: 0 }, call),
  };
}

function policyMatch({ record }: StoredObject): Match {
  assertOfPolicy(record);
  return { uid: record.uid, claim: record.claim };
}

/** Refuses what is not a snapshot that a policy took, by its record. A mistake here must not reach anybody's volume. */
function assertOfPolicy({
  kind,
  name,
  owner,
  taken,
}: Pick<StoredObject["record"], "kind" | "name" | "owner" | "taken">) {
  if (kind === "snapshot" && taken !== undefined && owner === ownerOf(taken.policy)) return;
  throw new KrStorageError(
    "PERMISSION_DENIED",
    `${kind} ${name} was not taken by a policy, and whatever runs policies may change nothing else; it was left as it is`,
    { target: name },
  );
}
