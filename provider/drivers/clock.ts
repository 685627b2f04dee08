import { readFileSync } from "node:fs";
import { uptime } from "node:os";
import type { Clock } from "./driver";

let ownBoot: string | undefined;

/** This machine's clocks. */
export const systemClock: Clock = {
  now: () => Date.now(),
  uptime: () => uptime() * 1000,
  // No process outlives the boot it began in, and every transaction asks
  bootId: () => {
    ownBoot ??= readBootId();
    return ownBoot;
  },
};

function readBootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    // Not Linux: the minute of the boot is as good, clocks drift less than that between two calls
    return `boot-${Math.round((Date.now() / 1000 - uptime()) / 60)}`;
  }
}
