import type { DriverEnv } from "../driver";
import type { LocalOptions } from "./options";

/** One configured backend: what every part of the driver needs to know of it. */
export interface Site {
  /** Its name in configuration; for messages. */
  backend: string;
  options: LocalOptions;
  env: DriverEnv;
}
