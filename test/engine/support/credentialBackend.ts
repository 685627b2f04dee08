import { join } from "node:path";
import { z } from "zod";
import type { Driver, DriverType } from "../../../provider/drivers/driver";
import { registerDriver } from "../../../provider/drivers/registry";
import { KrStorageError } from "../../../provider/model/errors";
import { memoryDriver } from "../../contract/memory";
import type { SecretBackend } from "../secretsTable";

const options = z.strictObject({ file: z.string(), password: z.string().meta({ secret: true }) });

/** The memory driver behind a login: it logs its password, and quotes it in the error that a volume named "leak" meets. */
const credentialDriver: DriverType<typeof options> = {
  type: "credential",
  options,
  open({ name, options: { file, password } }, env) {
    env.log.warn(`logging in with ${password}`);
    const driver: Driver = memoryDriver.open({ name, options: { file } }, env);
    const create = driver.create.bind(driver);
    driver.create = async (pool, object, call) => {
      if (object.name === "leak")
        throw new KrStorageError("UNAUTHENTICATED", `https://admin:${password}@storage/ refused "${password}"`, {
          cause: new Error(password),
        });
      if (object.name === "crash") throw new TypeError(`cannot read ${password} of undefined`);
      return create(pool, object, call);
    };
    return driver;
  },
};

// Loaded into the engine's provider processes by NODE_OPTIONS=--require
if (process.env.KRSTORAGE_TEST_CREDENTIAL_DRIVER) registerDriver(credentialDriver as unknown as DriverType);

const password = "correct-horse-battery-staple";

export function credentialBackend(folder: string): SecretBackend {
  return {
    env: {
      KRSTORAGE_TEST_CREDENTIAL_DRIVER: "1",
      NODE_OPTIONS: `--require ${join(__dirname, "credentialBackend.js")}`,
    },
    options: { type: "credential", file: join(folder, "memory.json") },
    secret: { key: "password", value: password },
    leaks: ["leak", "crash"],
    expected: /logging in with \[redacted\]/,
  };
}
