/**
 * Schedules and retention, without any backend: which snapshots a policy keeps and why, when it runs, and what will exist years ahead.
 * Everything here is a pure function; clocks and zones are arguments.
 *
 * @example
 * ```ts
 * import { nextRuns, planRetention, simulate, simulatedAt } from "krstorage/retention";
 *
 * const policy = { keepHourly: 24, keepDaily: 7, keepWeekly: 4, keepMonthly: 12 };
 * const plan = planRetention(snapshots, policy, { owner: policyUid, timezone: "Europe/Vienna", schedule: "@hourly" });
 * for (const { id, reason } of plan.remove) console.log(id, reason);
 *
 * nextRuns("30 2 * * *", { timezone: "Europe/Vienna", from: new Date(), count: 3 });
 * simulatedAt(simulate(policy, "@hourly", { from: "2026-11-21T00:00:00Z", years: 2 }), "2028-01-01T00:00:00Z").restorePoints;
 * ```
 *
 * @packageDocumentation
 */

export { KrStorageError } from "../model/errors";
export { type ApplyOptions, applyRetention, type Kept, type Removed, type Retained } from "./applyRetention";
export { defaultMaxDeletes } from "./fuse";
export type { PlannedSnapshot } from "./guards";
export type { Instant } from "./instant";
export { type FuseTrip, type PlanOptions, planRetention, type RetentionPlan } from "./planRetention";
export type { RetentionPolicy } from "./policy";
export { type SimulatedSnapshot, type SimulateOptions, type Simulation, simulate } from "./simulate";
export { type Gap, type SimulatedDate, simulatedAt } from "./simulatedAt";
export {
  nextRuns,
  parseSlotName,
  type RunsOptions,
  type Slot,
  type SlotsOptions,
  slotName,
  slotsBetween,
} from "./slots";
export type { RetentionSnapshot } from "./snapshots";
export { type SteadyStateOptions, steadyState } from "./steadyState";
