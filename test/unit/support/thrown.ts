import { KrStorageError } from "../../../provider/model/errors";

/** The error of ours that an action throws. Fails if it throws nothing, or something else. */
export async function thrown(action: () => unknown): Promise<KrStorageError> {
  let result: unknown;
  try {
    result = await action();
  } catch (error) {
    if (KrStorageError.isInstance(error)) return error;
    throw new Error(`threw what is no KrStorageError: ${String(error)}`, { cause: error });
  }
  throw new Error(`did not throw, but gave ${JSON.stringify(result)}`);
}
