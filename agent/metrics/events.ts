import type { Counter, Registry } from "prom-client";
import type { PurgeReport } from "../run/purgeExpired";
import { type BackendReport, isWell } from "../run/report";

/** What has happened since the agent was started. */
export class Events {
  private readonly runs: Counter<"backend" | "result">;
  private readonly taken: Counter<"backend">;
  private readonly failed: Counter<"backend" | "code">;
  private readonly pruned: Counter<"backend">;
  private readonly trips: Counter<"backend">;
  private readonly refused: Counter<"backend">;
  private readonly purged: Counter<"backend">;

  constructor(prometheus: typeof import("prom-client"), registry: Registry) {
    const counter = <Label extends string>(name: string, help: string, ...labelNames: Label[]): Counter<Label> =>
      new prometheus.Counter({ name: `krstorage_${name}_total`, help, labelNames, registers: [registry] });
    this.runs = counter("runs", "Runs of the policies of a backend.", "backend", "result");
    this.taken = counter("snapshots_taken", "Snapshots that policies have taken.", "backend");
    this.failed = counter("snapshots_failed", "Snapshots that could not be taken.", "backend", "code");
    this.pruned = counter("snapshots_pruned", "Snapshots that policies have removed.", "backend");
    this.trips = counter("fuse_trips", "Prunes that would have removed more than one may; none was.", "backend");
    this.refused = counter("prunes_refused", "Prunes that a guard has refused.", "backend");
    this.purged = counter("trash_purged", "Objects whose time in the trash was over, and which have ended.", "backend");
  }

  /** Makes every series of a backend begin at zero, so that the first increase is one. */
  begin(backend: string): void {
    for (const result of ["ok", "failed"]) this.runs.inc({ backend, result }, 0);
    for (const counter of [this.taken, this.pruned, this.trips, this.refused, this.purged]) counter.inc({ backend }, 0);
  }

  ran(report: BackendReport): void {
    const { backend, targets } = report;
    this.runs.inc({ backend, result: isWell(report) ? "ok" : "failed" });
    for (const { take, prune } of targets) {
      if (take?.action === "taken") this.taken.inc({ backend });
      if (take?.action === "failed") this.failed.inc({ backend, code: take.code ?? "INTERNAL" });
      if (prune?.action === "tripped") this.trips.inc({ backend });
      if (prune?.action === "refused") this.refused.inc({ backend });
      this.pruned.inc({ backend }, prune?.removed.length ?? 0);
    }
  }

  purgedTrash(backend: string, { purged }: PurgeReport): void {
    this.purged.inc({ backend }, purged.length);
  }
}
