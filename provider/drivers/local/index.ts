import type { DriverType } from "../driver";
import { LocalDriver } from "./driver";
import { localOptions } from "./options";

export const localDriver: DriverType<typeof localOptions> = {
  type: "local",
  options: localOptions,
  open: (backend, env) => new LocalDriver({ backend: backend.name, options: backend.options, env }),
};
export type { LocalOptions } from "./options";
