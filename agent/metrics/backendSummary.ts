import type { NodeSummary } from "./nodeSummary";
import type { PoolSummary, TargetSummary } from "./summary";

/** What is known of a backend since it was last looked at. */
export interface BackendSummary {
  readonly backend: string;
  readonly isUp: boolean;
  /** By how much its clock is ahead of this machine's, ms. */
  readonly skewMs: number;
  /** When the last run on it ended (ms since 1970), and how long it took. */
  readonly ranAtMs: number | undefined;
  readonly durationMs: number | undefined;
  /** What it stands on, if the last look showed that: where it cannot be reached, nothing is said of its health. */
  readonly nodes: NodeSummary | undefined;
  /** Of the last look at which it was up. */
  readonly pools: readonly PoolSummary[];
  readonly targets: readonly TargetSummary[];
  /** Policies that cannot be run. */
  readonly brokenPolicies: readonly { readonly uid: string; readonly name: string }[];
  /** What the last check of each pool found, by pool. */
  readonly findings: ReadonlyMap<string, { readonly count: number; readonly atMs: number }>;
}
