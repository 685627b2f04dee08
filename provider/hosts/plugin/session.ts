import { setMaxListeners } from "node:events";
import type { Context, Properties } from "../../lifecycle/lifecycle";

import { KrStorageError } from "../../model/errors";
import { anyOf, deadlineSaying } from "../../storage/deadline";
import { type Configured, openConfigured } from "./configuration";
import { EngineLog } from "./engineLog";
import { statusLine } from "./statusLine";

/** What one plugin process knows: its engine, its configuration, and whether the engine has cancelled. */
export class Session {
  readonly log = new EngineLog();
  private readonly cancelling = new AbortController();
  private readonly underWay = new Set<Promise<void>>();
  private configured: Configured | undefined;

  constructor() {
    setMaxListeners(0, this.cancelling.signal); // every call under way waits for it
  }

  configure(properties: Properties): void {
    const before = this.configured;
    this.configured = openConfigured(properties, this.log.about());
    void before?.storage.close();
  }

  /** What is configured. Throws PRECONDITION_FAILED before `configure`. */
  current(): Configured {
    if (this.configured) return this.configured;
    throw new KrStorageError("PRECONDITION_FAILED", "the provider was not configured by the engine");
  }

  /** For one call about a resource. `timeoutSeconds` is what the program allows it (`customTimeouts`); 0 is nothing said. */
  contextFor(urn: string, timeoutSeconds = 0): Context {
    const { storage, plan } = this.current();
    const log = this.log.about(urn);
    const progress = statusLine((text) => this.log.status(text, urn));
    const cancelled = this.cancelling.signal;
    cancelled.throwIfAborted();
    if (!(timeoutSeconds > 0)) return { storage, plan, log, progress, signal: cancelled };
    const timeoutMs = timeoutSeconds * 1000;
    const late = `did not finish within the ${timeoutSeconds} s that customTimeouts allows; raise it, or look at what keeps the backend`;
    return { storage, plan, log, progress, signal: anyOf(cancelled, deadlineSaying(timeoutMs, late)), timeoutMs };
  }

  /** Ends every call that is under way, and all to come: the engine wants to stop. */
  cancel(): void {
    this.cancelling.abort(new KrStorageError("CANCELLED", "the engine has cancelled; the next run goes on from here"));
  }

  /** Runs one call, so that the process does not end under it. `work` does not throw. */
  run(work: () => Promise<void>): Promise<void> {
    const running = work();
    this.underWay.add(running);
    return running.finally(() => this.underWay.delete(running));
  }
  /** Waits until no call is under way. */
  async idle(): Promise<void> {
    while (this.underWay.size > 0) await Promise.allSettled(this.underWay);
  }
}
