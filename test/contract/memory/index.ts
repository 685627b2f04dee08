import { z } from "zod";
import type { DriverType } from "../../../provider/drivers/driver";
import { MemoryDriver } from "./driver";
import { readMemoryBytes, writeMemoryBytes } from "./state";
import { fileStore } from "./store";

const options = z.strictObject({
  /** The JSON file that is the backend. Any number of processes may use it at once. */
  file: z.string(),
});

/** A backend in one JSON file, for tests of everything above the drivers. */
export const memoryDriver: DriverType<typeof options> = {
  type: "memory",
  options,
  open: ({ options: { file } }, env) => new MemoryDriver(fileStore(file), env),
};

/** Writes into a volume of the backend in `file`, as its user would. */
export function writeBytesInFile(file: string, uid: string, offset: number, bytes: Uint8Array): void {
  fileStore(file).change((state) => writeMemoryBytes(state, uid, offset, bytes));
}

/** Reads from a volume of the backend in `file`, live or trashed. Throws where it is not there any more. */
export function readBytesInFile(file: string, uid: string, offset: number, length: number): Buffer {
  return readMemoryBytes(fileStore(file).read(), uid, offset, length);
}

export { MemoryDriver } from "./driver";
export { emptyState, type MemoryObject, type MemoryPool, type MemoryState, objectIn } from "./state";
export { fileStore, type MemoryStore, objectStore } from "./store";
