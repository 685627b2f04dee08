import type { Log } from "../../provider/drivers/driver";
import { messageOf } from "../../provider/model/errors";
import type { BackendSummary } from "../metrics/backendSummary";
import type { Metrics } from "../metrics/metrics";
import { type NodeSummary, summarizeNodes } from "../metrics/nodeSummary";
import { summarizePool, summarizeTargets } from "../metrics/summary";
import type { BackendPort } from "../run/backendPort";
import type { Journal } from "../run/journal";
import { type BackendLook, failureOf, lookAtBackend, type PoolLook } from "../run/look";
import type { RunOptions } from "../run/options";
import type { PolicyBook } from "../run/policyBook";
import { purgeExpired } from "../run/purgeExpired";
import type { BackendReport } from "../run/report";
import { runBackend } from "../run/runBackend";
import type { FsckTimes } from "./fsckTimes";
import { logFailures, logReport } from "./logReport";
import { nextDelay } from "./pollDelay";
import type { AgentTiming } from "./timing";

export interface RunnerSettings {
  readonly pollMs: number;
  /** How often pools are checked; undefined: never. */
  readonly fsckMs: number | undefined;
  /** How many volumes of a pool have series of their own. */
  readonly mostVolumes: number;
}

/** What all runners of an agent share. */
export interface RunnerShared {
  readonly book: PolicyBook;
  readonly metrics: Metrics;
  readonly timing: AgentTiming;
  readonly log: Log;
  readonly fsckTimes: FsckTimes;
  readonly journal: Journal;
  /** Ends waiting: the agent is to stop or to begin anew. */
  readonly stopping: AbortSignal;
}

/** Runs one backend over and over. Each backend has its own, so one that is slow or down keeps no other waiting. */
export class BackendRunner {
  private current: BackendSummary;
  private failures = 0;
  private checking: Promise<void> | undefined;
  /** When it last began to do something, by the uptime: for telling that it hangs. */
  private beganMs: number;
  private isBusy = false;

  constructor(
    private readonly port: BackendPort,
    private readonly settings: RunnerSettings,
    private readonly options: RunOptions,
    private readonly shared: RunnerShared,
  ) {
    shared.metrics.events.begin(port.name);
    this.beganMs = shared.timing.uptime();
    this.current = {
      backend: port.name,
      isUp: false,
      skewMs: 0,
      ranAtMs: undefined,
      durationMs: undefined,
      nodes: undefined,
      pools: [],
      targets: [],
      brokenPolicies: [],
      findings: new Map(),
    };
  }

  get summary(): BackendSummary {
    return this.current;
  }
  /** Whether it has been looked at since the agent was started. */
  get hasRun(): boolean {
    return this.current.ranAtMs !== undefined;
  }
  /** For how long it has been at one run, ms; 0 between runs. */
  busyMs(): number {
    return this.isBusy ? this.shared.timing.uptime() - this.beganMs : 0;
  }

  async loop(): Promise<void> {
    const { timing, stopping } = this.shared;
    while (!stopping.aborted) await timing.sleep(await this.turn(), stopping);
    await this.checking;
  }

  /** One run. Returns how long to wait for the next one, ms. */
  async turn(): Promise<number> {
    const { timing, book } = this.shared;
    this.beganMs = timing.uptime();
    this.isBusy = true;
    // A signal of its own: those of all calls of a year must not gather at one that lives as long as the agent
    const ending = new AbortController();
    const giveUp = () => ending.abort();
    const longLived = this.options.signal;
    longLived?.addEventListener("abort", giveUp, { once: true });
    if (longLived?.aborted) giveUp();
    const options = { ...this.options, signal: ending.signal };
    try {
      const look = await lookAtBackend(this.port, timing, options.signal);
      const lookMs = timing.uptime() - this.beganMs;
      book.put(look);
      const report = await runBackend(this.port, look, book, options);
      const idleMs = hasActed(report) ? lookMs : timing.uptime() - this.beganMs;
      await this.afterRun(look, report, options);
      this.failures = look.isReachable ? 0 : this.failures + 1;
      const untilSlotMs = report.nextMs === undefined ? undefined : report.nextMs - (timing.now() + report.skewMs);
      return nextDelay({ pollMs: this.settings.pollMs, lookMs: idleMs, failures: this.failures, untilSlotMs });
    } catch (error) {
      // Nothing above throws; if it does all the same, this backend must not end the others
      this.shared.log.warn(
        `backend ${this.port.name}: the run ended in a way that is not foreseen: ${messageOf(error)}`,
      );
      this.failures += 1;
      return nextDelay({ pollMs: this.settings.pollMs, lookMs: 0, failures: this.failures, untilSlotMs: undefined });
    } finally {
      longLived?.removeEventListener("abort", giveUp);
      this.isBusy = false;
    }
  }

  private async afterRun(look: BackendLook, report: BackendReport, options: RunOptions): Promise<void> {
    const { metrics, log, timing } = this.shared;
    metrics.events.ran(report);
    logReport(log, report);
    this.shared.journal.record(report);
    const isFirst = !this.hasRun;
    const nodes = look.isReachable ? await this.nodes(options) : undefined;
    this.current = {
      ...this.current,
      isUp: look.isReachable,
      nodes,
      ranAtMs: timing.now(),
      ...(look.isReachable ? this.seen(look, report) : {}),
    };
    // The first page is the slowest; nobody waits for this one
    if (isFirst) await metrics.text();
    for (const pool of look.pools) {
      const purge = await purgeExpired(this.port, pool, options);
      metrics.events.purgedTrash(this.port.name, purge);
      for (const { name, reason } of purge.kept) log.warn(`${pool.id}/${name} is still in the trash: ${reason}`);
    }
    this.checking ??= this.check(look.pools).finally(() => {
      this.checking = undefined;
    });
  }

  /** What the backend stands on; undefined where it has nothing of that, or does not say it now. */
  private async nodes({ signal }: RunOptions): Promise<NodeSummary | undefined> {
    try {
      const nodes = await this.port.read(signal, async (driver, call) => driver.nodes?.(call));
      return nodes && summarizeNodes(nodes);
    } catch (error) {
      logFailures(this.shared.log, [failureOf(this.port.name, error)]);
      return undefined;
    }
  }

  private seen(look: BackendLook, report: BackendReport): Partial<BackendSummary> {
    const nowMs = this.shared.timing.now() + report.skewMs;
    return {
      skewMs: report.skewMs,
      durationMs: report.durationMs,
      pools: look.pools.map((pool) => summarizePool(pool, this.settings.mostVolumes)),
      targets: summarizeTargets(report, nowMs),
      brokenPolicies: report.problems,
    };
  }

  /** Checks pools whose last check is long ago, one after the other, beside the runs. It only reports; mending is for people. */
  private async check(pools: readonly PoolLook[]): Promise<void> {
    const { fsckMs } = this.settings;
    const { fsckTimes, timing, log } = this.shared;
    if (fsckMs === undefined) return;
    for (const pool of pools) {
      const { identity } = pool.listing.pool.record;
      const lastMs = fsckTimes.of(identity);
      if (this.options.isStopping?.() || (lastMs !== undefined && timing.now() - lastMs < fsckMs)) continue;
      try {
        const findings = await this.port.read(this.options.signal, (driver, call) =>
          driver.fsck({ name: pool.pool, identity }, { repair: false }, call),
        );
        fsckTimes.set(identity, timing.now());
        const found = new Map(this.current.findings);
        this.current = {
          ...this.current,
          findings: found.set(pool.pool, { count: findings.length, atMs: timing.now() }),
        };
        for (const { object, message } of findings) log.warn(`${pool.id}: check: ${object}: ${message}`);
      } catch (error) {
        logFailures(log, [{ where: pool.id, code: "", message: `it could not be checked: ${messageOf(error)}` }]);
      }
    }
  }
}

/** Whether a run has changed anything: then its time says nothing about what looking costs. */
function hasActed({ targets }: BackendReport): boolean {
  return targets.some(
    ({ take, prune }) => take?.action === "taken" || take?.action === "failed" || (prune?.removed.length ?? 0) > 0,
  );
}
