import type { ObjectId } from "../model/names";
import { findLive } from "./find";
import { poolRef, type Storage } from "./storage";

/** What opens a volume beside its connection; neither where it is opened without. */
export interface VolumeKey {
  /** As in the volume's connection. */
  user?: string;
  /** A secret. */
  key?: string;
}

/** Asks the backend for the key of a live volume. Changes nothing. */
export async function keyOf(storage: Storage, where: ObjectId, signal?: AbortSignal): Promise<VolumeKey> {
  const { record, connection } = await findLive(storage, where, signal);
  const key = await storage
    .backend(where.backend)
    .read(signal, (driver, call) => driver.key(poolRef(where), record.uid, call));
  if (key === undefined) return {};
  return { ...(connection?.type === "rbd" && connection.user !== undefined ? { user: connection.user } : {}), key };
}
