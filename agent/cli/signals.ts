import { KrStorageError } from "../../provider/model/errors";
import { exitCodes } from "./exitCodes";

const signals = ["SIGINT", "SIGTERM"] as const;

/** Aborts at the first Ctrl-C or SIGTERM, so that what is under way can end cleanly. A second one ends the process at once. */
export function abortOnSignals(): { signal: AbortSignal; stop: () => void } {
  const controller = new AbortController();
  const onSignal = () => {
    if (controller.signal.aborted) process.exit(exitCodes.CANCELLED);
    controller.abort(new KrStorageError("CANCELLED", "stopped before it had finished", { outcome: "unknown" }));
  };
  for (const name of signals) process.on(name, onSignal);
  return {
    signal: controller.signal,
    stop: () => {
      for (const name of signals) process.off(name, onSignal);
    },
  };
}
