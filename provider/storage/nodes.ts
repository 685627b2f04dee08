import type { Nodes } from "../drivers/driver";
import type { Storage } from "./storage";

/** What a backend stands on: its health, machines and disks, and the room by class of disk. */
export interface BackendNodes extends Nodes {
  backend: string;
  /** The type of the backend. */
  driver: string;
}

/** What a backend stands on, as it is now; undefined where its type has no machines and disks of its own. */
export async function nodesOf(storage: Storage, backendName: string): Promise<BackendNodes | undefined> {
  const backend = storage.backend(backendName);
  const nodes = await backend.read(undefined, async (driver, call) => driver.nodes?.(call));
  return nodes && { backend: backend.name, driver: backend.type, ...nodes };
}
