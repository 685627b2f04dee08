import { KrStorageError } from "../model/errors";
import type { DriverType } from "./driver";

/** Every driver, loaded when a backend of its type is first opened. Adding a driver is its folder and one line here. */
const loaders: Record<string, () => DriverType> = {
  ceph: () => (require("./ceph") as typeof import("./ceph")).cephDriver as unknown as DriverType,
  local: () => (require("./local") as typeof import("./local")).localDriver as unknown as DriverType,
};

/** The types a backend can have. */
export function driverTypes(): string[] {
  return Object.keys(loaders).sort();
}

/** The driver of a type. Throws INVALID_ARGUMENT naming the types there are. */
export function loadDriver(type: string): DriverType {
  const load = Object.hasOwn(loaders, type) ? loaders[type] : undefined;
  if (!load)
    throw new KrStorageError("INVALID_ARGUMENT", `there is no driver "${type}"; types are ${driverTypes().join(", ")}`);
  return load();
}

/** Adds a driver from outside this package, under a type that is not taken. */
export function registerDriver(driver: DriverType): void {
  if (Object.hasOwn(loaders, driver.type))
    throw new KrStorageError("ALREADY_EXISTS", `there is a driver "${driver.type}" already`);
  loaders[driver.type] = () => driver;
}
