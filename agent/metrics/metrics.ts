import type { Registry } from "prom-client";
import type { BackendSummary } from "./backendSummary";
import { Calls } from "./calls";
import { Events } from "./events";
import { stateGauges } from "./stateGauges";

/**
 * What the agent says of storage and of itself, in the text format of Prometheus. State is worked out when it is asked for, from the last
 * look at each backend: a scrape costs no call to any.
 */
export class Metrics {
  readonly calls: Calls;
  readonly events: Events;
  private readonly registry: Registry;

  constructor(
    private readonly summaries: () => readonly BackendSummary[],
    private readonly now: () => number,
  ) {
    // Loaded by the agent alone
    const prometheus = require("prom-client") as typeof import("prom-client");
    this.registry = new prometheus.Registry();
    this.calls = new Calls(prometheus, this.registry);
    this.events = new Events(prometheus, this.registry);
  }

  get contentType(): string {
    return this.registry.contentType;
  }
  async text(): Promise<string> {
    return `${stateGauges(this.summaries(), this.now())}${await this.registry.metrics()}`;
  }
}
