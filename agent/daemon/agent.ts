import type { Log } from "../../provider/drivers/driver";
import { durationMs } from "../../provider/model/quantity";
import type { AgentConfig } from "../config/agentConfig";
import { hooksFolder, runSettings, stateFolder } from "../config/runSettings";
import { letGoOfLeft } from "../hooks/thaw";
import { Metrics } from "../metrics/metrics";
import type { BackendPort } from "../run/backendPort";
import { Journal } from "../run/journal";
import { PolicyBook } from "../run/policyBook";
import { BackendRunner } from "./backendRunner";
import { FsckTimes } from "./fsckTimes";
import { type Pages, serve } from "./server";
import type { AgentTiming } from "./timing";

export interface AgentParts {
  readonly ports: readonly BackendPort[];
  readonly config: AgentConfig;
  readonly timing: AgentTiming;
  readonly log: Log;
  readonly env: NodeJS.ProcessEnv;
}

const defaultListen = "127.0.0.1:9810";
/** A run that takes longer than this hangs, as far as health goes. */
const longestRunMs = 30 * 60_000;
/** How long what is under way may go on when the agent is told to stop. */
const graceMs = 8_000;

/** Runs the policies of all backends until it is stopped, and says how they are. */
export class Agent {
  readonly metrics: Metrics;
  private readonly runners: BackendRunner[];
  private readonly stopping = new AbortController();
  private readonly giveUp = new AbortController();
  private readonly loops: Promise<void>[] = [];

  constructor(private readonly parts: AgentParts) {
    const { ports, config, timing, log, env } = parts;
    this.metrics = new Metrics(
      () => this.runners.map(({ summary }) => summary),
      () => timing.now(),
    );
    const { fsck = "7d", poll = "1m", volumeMetrics = 1000 } = config;
    const settings = {
      pollMs: durationMs(poll),
      fsckMs: fsck === "never" ? undefined : durationMs(fsck),
      mostVolumes: volumeMetrics,
    };
    const shared = {
      book: new PolicyBook(),
      metrics: this.metrics,
      timing,
      log,
      journal: new Journal(stateFolder(config, env), log),
      fsckTimes: new FsckTimes(stateFolder(config, env), log),
      stopping: this.stopping.signal,
    };
    this.runners = ports.map((port) => {
      const options = {
        ...runSettings(config, env, timing, log), // each backend has a pace of its own
        signal: this.giveUp.signal,
        isStopping: () => this.stopping.signal.aborted,
      };
      return new BackendRunner(this.metrics.calls.measured(port), settings, options, shared);
    });
  }

  /** Lets go of what dead agents have left held still, then runs every backend over and over. */
  async start(): Promise<void> {
    const { config, env, log } = this.parts;
    await letGoOfLeft(hooksFolder(config, env), (message) => log.warn(message));
    this.loops.push(...this.runners.map((runner) => runner.loop()));
  }

  /** Ends the step under way and begins no other; what has not ended after 8 s is given up, which the next run puts right. */
  async stop(): Promise<void> {
    this.stopping.abort();
    const timer = setTimeout(() => this.giveUp.abort(), graceMs);
    const longest = new Promise((resolve) => setTimeout(resolve, graceMs + 1_000).unref());
    await Promise.race([Promise.all(this.loops), longest]);
    clearTimeout(timer);
  }

  /** Serves metrics and health. */
  serve(): Promise<{ address: string; close: () => Promise<void> }> {
    return serve(this.parts.config.listen ?? defaultListen, this.pages());
  }

  private pages(): Pages {
    return {
      "/metrics": async () => ({ status: 200, type: this.metrics.contentType, text: await this.metrics.text() }),
      "/healthz": async () => status(this.hanging(), "ok"),
      "/readyz": async () => status(this.notReady(), "ready"),
    };
  }
  private hanging(): string[] {
    return this.runners
      .filter((runner) => runner.busyMs() > longestRunMs)
      .map(({ summary }) => `the run on backend ${summary.backend} has not ended for more than 30 minutes`);
  }
  private notReady(): string[] {
    if (this.stopping.signal.aborted) return ["stopping"];
    return this.runners
      .filter((runner) => !runner.hasRun)
      .map(({ summary }) => `backend ${summary.backend} has not been looked at yet`);
  }
}

async function status(problems: string[], well: string): Promise<{ status: number; type: string; text: string }> {
  const text = problems.length === 0 ? well : problems.join("\n");
  return { status: problems.length === 0 ? 200 : 503, type: "text/plain; charset=utf-8", text: `${text}\n` };
}
