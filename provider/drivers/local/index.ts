import type { DriverType } from "../driver";
import { localCapabilities } from "./capabilities";
import { LocalDriver } from "./driver";
import { localOptions } from "./options";

export const localDriver: DriverType<typeof localOptions> = {
  type: "local",
  options: localOptions,
  capabilities: { "on ext4": localCapabilities(false), "on btrfs, xfs": localCapabilities(true) },
  open: (backend, env) => new LocalDriver({ backend: backend.name, options: backend.options, env }),
};
export type { LocalOptions } from "./options";
