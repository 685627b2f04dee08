import type { Kept, Removed } from "../../provider/retention";
import type { Failure } from "./look";

/** What became of the slot of one target. */
export interface Take {
  /**
   * `taken` now; `planned` in a dry run; `present`: the slot was taken before, or by another agent meanwhile; `notDue`: there is no
   * slot yet; `missed`: skipped, since slots are not caught up; `failed`; `stopped` before it was begun.
   */
  readonly action: "taken" | "planned" | "present" | "notDue" | "missed" | "failed" | "stopped";
  /** `20261121t020000z`. */
  readonly slot?: string;
  /** The name of the snapshot among its target's. */
  readonly name?: string;
  readonly reason?: string;
  readonly code?: string;
}

/** What became of the snapshots that are not needed any more. */
export interface Prune {
  /**
   * `refused` by a guard, and somebody is to look; `tripped`: by the fuse; `notRun`: no snapshot preceded it; `stopped`: more would
   * have been removed.
   */
  readonly action: "pruned" | "planned" | "nothing" | "refused" | "tripped" | "failed" | "notRun" | "stopped";
  readonly keep: readonly Kept[];
  /** What was to be removed; under a fuse or guard, what would have been. */
  readonly remove: readonly Removed[];
  /** The uids of what was removed. */
  readonly removed: readonly string[];
  readonly reason?: string;
  readonly code?: string;
}

/** What one policy did to one target in one run. */
export interface TargetReport {
  readonly policy: {
    readonly uid: string;
    readonly name: string;
    readonly schedule: string;
    readonly timezone: string;
  };
  /** `id` is `<backend>/<pool>/<name>`. */
  readonly target: { readonly uid: string; readonly id: string };
  readonly status: "ok" | "skipped" | "failed";
  /** Why it was skipped or failed, as a sentence. */
  readonly reason?: string;
  readonly take?: Take;
  readonly prune?: Prune;
  /** The slot of the newest good snapshot, ms since 1970. */
  readonly newestGoodMs?: number;
  /** Since when a snapshot is due that is not there yet: the oldest slot after the newest good one; ms since 1970. */
  readonly overdueSinceMs?: number;
  /** Slots from before this are nobody's, ms since 1970. */
  readonly sinceMs?: number;
  /** The names of snapshots by uid, for people. */
  readonly names?: ReadonlyMap<string, string>;
}

/** What a run did on one backend. */
export interface BackendReport {
  readonly backend: string;
  readonly startedMs: number;
  readonly durationMs: number;
  readonly targets: readonly TargetReport[];
  /** Policies that are not run at all, and why. */
  readonly problems: readonly { readonly uid: string; readonly name: string; readonly problem: string }[];
  readonly failures: readonly Failure[];
  /** By how much the backend's clocks are ahead of the agent's at the most, ms. */
  readonly skewMs: number;
  /** Frozen by configuration: nothing was done. */
  readonly isFrozen: boolean;
  /** When the next slot of any policy begins, by the backend's clock; ms since 1970. */
  readonly nextMs?: number;
}

/** Whether a run went as it should: nothing failed, and nothing wants looking at. */
export function isWell(report: BackendReport): boolean {
  return (
    report.failures.length === 0 &&
    report.problems.length === 0 &&
    report.targets.every(
      ({ status, prune }) => status !== "failed" && prune?.action !== "refused" && prune?.action !== "tripped",
    )
  );
}
