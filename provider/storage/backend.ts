import type { Actor, Call, Driver, DriverEnv, DriverType, Progress } from "../drivers/driver";
import { KrStorageError, messageOf } from "../model/errors";
import { durationMs } from "../model/quantity";
import type { BackendConfig } from "./config";
import { anyOf, deadlineIn, withGrace } from "./deadline";
import { Limiter } from "./limiter";

const defaultConcurrency = 16;
const defaultTimeoutMs = 5 * 60_000;

/** What every call to a backend is made with. */
export interface Caller {
  actor: Actor;
  signal?: AbortSignal | undefined;
  progress?: ((progress: Progress) => void) | undefined;
}

/** One configured backend: its driver, opened when first needed, behind a concurrency limit, a deadline and the freeze. */
export class Backend {
  readonly name: string;
  private readonly limiter: Limiter;
  private opened: Driver | undefined;

  constructor(
    private readonly config: BackendConfig,
    private readonly env: DriverEnv,
    private readonly caller: Caller,
  ) {
    this.name = config.name;
    this.limiter = new Limiter(config.options.concurrency ?? defaultConcurrency);
  }

  get type(): string {
    return this.config.driver.type;
  }
  /** What its pools can do, by what they are on. */
  get capabilities(): NonNullable<DriverType["capabilities"]> {
    return this.config.driver.capabilities ?? {};
  }
  /** Whether the configuration takes a pool of this identity for the one that states know. */
  accepts(identity: string): boolean {
    return [this.config.options.acceptIdentity ?? []].flat().includes(identity);
  }
  get isReadOnly(): boolean {
    return this.config.options.readOnly === true;
  }

  /** A call that changes nothing. */
  read<T>(signal: AbortSignal | undefined, action: (driver: Driver, call: Call) => Promise<T>): Promise<T> {
    return this.run(signal, action);
  }

  /** A call that may change something; refused while the backend is frozen. */
  async write<T>(signal: AbortSignal | undefined, action: (driver: Driver, call: Call) => Promise<T>): Promise<T> {
    if (this.isReadOnly) {
      throw new KrStorageError(
        "PRECONDITION_FAILED",
        `backend "${this.name}" is frozen (readOnly: true in its configuration); nothing was changed`,
        { target: this.name },
      );
    }
    return this.run(signal, action);
  }

  async close(): Promise<void> {
    const driver = this.opened;
    this.opened = undefined;
    await driver?.close();
  }

  private run<T>(own: AbortSignal | undefined, action: (driver: Driver, call: Call) => Promise<T>): Promise<T> {
    const { actor, progress } = this.caller;
    const signal = this.caller.signal ? anyOf(own, this.caller.signal) : own;
    return this.limiter.run(signal, async () => {
      const deadline = deadlineIn(this.timeoutMs);
      const call: Call = { signal: anyOf(signal, deadline), actor, ...(progress === undefined ? {} : { progress }) };
      try {
        return await withGrace(action(this.driver(), call), call.signal);
      } catch (error) {
        throw this.translate(error, deadline, signal);
      }
    });
  }

  private get timeoutMs(): number {
    return this.config.options.timeout === undefined ? defaultTimeoutMs : durationMs(this.config.options.timeout);
  }

  private driver(): Driver {
    this.opened ??= this.config.driver.open({ name: this.name, options: this.config.driverOptions }, this.env);
    return this.opened;
  }

  private translate(error: unknown, deadline: AbortSignal, caller: AbortSignal | undefined): KrStorageError {
    if (
      KrStorageError.isInstance(caller?.reason) &&
      !(KrStorageError.isInstance(error) && error.code !== "CANCELLED")
    ) {
      return caller.reason; // the caller's own deadline, which says what it was for
    }
    if (KrStorageError.isInstance(error) && error.code !== "CANCELLED") return error;
    if (deadline.aborted) {
      return new KrStorageError(
        "TIMEOUT",
        `backend "${this.name}" did not finish within ${this.timeoutMs / 1000} s; raise its timeout or look at what keeps it`,
        {
          target: this.name,
          retryable: true,
          outcome: KrStorageError.isInstance(error) ? error.outcome : "unknown",
          cause: error,
        },
      );
    }
    if (KrStorageError.isInstance(error)) return error;
    if (caller?.aborted) {
      return new KrStorageError("CANCELLED", `a call to backend "${this.name}" was given up before it had finished`, {
        target: this.name,
        outcome: "unknown",
        cause: error,
      });
    }
    return new KrStorageError(
      "INTERNAL",
      `backend "${this.name}" (${this.type}) failed in a way KRStorage does not know: ${messageOf(error)}`,
      {
        target: this.name,
        outcome: "unknown",
        cause: error,
      },
    );
  }
}
