import { openStorage, type StorageLibrary } from "../../../provider/storage";

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
