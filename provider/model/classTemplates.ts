import type { ClassDefinition } from "./volumeClass";

/** What a template says: everything of a class but its pools. */
type Template = Omit<ClassDefinition, "pools" | "name">;

/**
 * Classes to start from. Spread one into a VolumeClass and override what should differ:
 * `new VolumeClass("gold", { ...classTemplates.gold, pools: [ssd] })`.
 */
export const classTemplates = {
  /** Databases and the like: hourly snapshots kept for a day, daily ones for two weeks, monthly ones for a year; kept when the stack ends. */
  gold: {
    reclaimPolicy: "Retain",
    schedule: "@hourly",
    retention: { keepHourly: 24, keepDaily: 14, keepWeekly: 8, keepMonthly: 12 },
  },
  /** Ordinary machines: nightly snapshots for a week, weekly ones for a month. */
  silver: {
    schedule: "@daily",
    retention: { keepDaily: 7, keepWeekly: 4 },
    qos: { iops: 5000, throughput: "200MiB/s" },
  },
  /** What can be made again: limited, without snapshots. */
  bronze: {
    qos: { iops: 1000, throughput: "50MiB/s" },
  },
  /** What is kept for long and read rarely: goes where most room is, monthly snapshots for years. */
  archive: {
    placement: "mostFree",
    reclaimPolicy: "Retain",
    schedule: "@monthly",
    retention: { keepMonthly: 12, keepYearly: 10 },
    qos: { iops: 200, throughput: "20MiB/s" },
  },
} as const satisfies Record<string, Template>;
