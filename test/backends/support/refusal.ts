import type { KrStorageError } from "../../../provider/model/errors";

/** The error that a call is refused with. */
export async function refusal(call: Promise<unknown>): Promise<KrStorageError> {
  return call.then(
    () => {
      throw new Error("expected a refusal");
    },
    (error: KrStorageError) => error,
  );
}
