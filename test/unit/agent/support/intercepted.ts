import type { Call, Driver } from "../../../../provider/drivers/driver";
import { KrStorageError } from "../../../../provider/model/errors";

/** What stands between a caller and a driver: it is told which method is called, and decides when, and whether, it is. */
export type Interceptor = (
  method: keyof Driver,
  call: () => Promise<unknown>,
  signal: AbortSignal | undefined,
) => Promise<unknown>;

/** A driver whose every call goes through an interceptor. */
export function intercepted(driver: Driver, intercept: Interceptor): Driver {
  return new Proxy(driver, {
    get(target, property, receiver) {
      const value: unknown = Reflect.get(target, property, receiver);
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        const signal = (args.at(-1) as Call | undefined)?.signal;
        return intercept(property as keyof Driver, () => Promise.resolve(Reflect.apply(value, target, args)), signal);
      };
    },
  });
}

/** A driver of a backend that is down. */
export function broken(driver: Driver): Driver {
  return intercepted(driver, async (method) => {
    if (method === "close") return;
    throw new KrStorageError("UNAVAILABLE", "the connection was refused", { retryable: true });
  });
}
