import type { DriverType } from "../../../provider/drivers/driver";
import { registerDriver } from "../../../provider/drivers/registry";
import { memoryDriver } from "./index";

// For NODE_OPTIONS=--require: provider processes that a test's engine starts then know the type "memory"
registerDriver(memoryDriver as unknown as DriverType);
