import { openStorage, type StorageLibrary } from "../../../provider/storage";
import type { PoliciesSeen } from "./engineBackend";

/** Opens storage, as another program would, for one action. */
export async function usingStorage<T>(
  backends: Record<string, unknown>,
  action: (storage: StorageLibrary) => Promise<T>,
): Promise<T> {
  const storage = openStorage({ backends });
  try {
    return await action(storage);
  } finally {
    await storage.close();
  }
}

/** The snapshot policies in a pool, and what they are attached to. */
export async function policiesIn(config: Record<string, unknown>, poolId: string): Promise<PoliciesSeen> {
  return usingStorage(config, async ({ storage }) => {
    const [backend, pool] = poolId.split("/") as [string, string];
    const view = await storage.view({ backend, pool }, { maxAgeMs: 0 });
    return {
      policies: view.policies().map(({ uid, name, generation }) => ({ uid, name, generation })),
      attached: view
        .all()
        .flatMap(({ record }) =>
          (record.policies ?? []).map(({ uid, generation }) => ({ id: `${poolId}/${record.name}`, uid, generation })),
        ),
    };
  });
}
