import type { Driver } from "../../../../provider/drivers/driver";
import { intercepted } from "./intercepted";

/** A driver of which every call is written down by name. */
export function recording(driver: Driver, calls: string[]): Driver {
  return intercepted(driver, (method, call) => {
    if (method !== "close") calls.push(method);
    return call();
  });
}
