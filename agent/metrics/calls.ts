import type { Counter, Histogram, Registry } from "prom-client";
import { KrStorageError } from "../../provider/model/errors";
import type { AgentDriver, BackendPort } from "../run/backendPort";

/** How long calls to backends take, and how they fail. */
export class Calls {
  private readonly seconds: Histogram<"backend" | "method">;
  private readonly errors: Counter<"backend" | "method" | "code">;

  constructor(prometheus: typeof import("prom-client"), registry: Registry) {
    this.seconds = new prometheus.Histogram({
      name: "krstorage_driver_call_duration_seconds",
      help: "How long calls to backends took, failed ones included.",
      labelNames: ["backend", "method"],
      buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60, 300],
      registers: [registry],
    });
    this.errors = new prometheus.Counter({
      name: "krstorage_driver_errors_total",
      help: "Calls to backends that failed, by code.",
      labelNames: ["backend", "method", "code"],
      registers: [registry],
    });
  }

  /** The same port, with every call measured. */
  measured(port: BackendPort): BackendPort {
    const watch = (driver: AgentDriver) => this.watched(port.name, driver);
    return {
      name: port.name,
      get isReadOnly() {
        return port.isReadOnly;
      },
      read: (signal, action) => port.read(signal, (driver, call) => action(watch(driver), call)),
      write: (signal, action) => port.write(signal, (driver, call) => action(watch(driver), call)),
    };
  }

  private watched(backend: string, driver: AgentDriver): AgentDriver {
    const time = <Args extends unknown[], Result>(method: string, call: (...args: Args) => Promise<Result>) => {
      return async (...args: Args): Promise<Result> => {
        const end = this.seconds.startTimer({ backend, method });
        try {
          return await call.apply(driver, args);
        } catch (error) {
          this.errors.inc({ backend, method, code: KrStorageError.isInstance(error) ? error.code : "INTERNAL" });
          throw error;
        } finally {
          end();
        }
      };
    };
    return {
      ...(driver.nodes ? { nodes: time("nodes", driver.nodes) } : {}),
      listPools: time("listPools", driver.listPools),
      list: time("list", driver.list),
      create: time("create", driver.create),
      update: time("update", driver.update),
      trash: time("trash", driver.trash),
      purge: time("purge", driver.purge),
      fsck: time("fsck", driver.fsck),
      updatePolicy: time("updatePolicy", driver.updatePolicy),
    };
  }
}
