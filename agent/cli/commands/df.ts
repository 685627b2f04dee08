import { formatBytes } from "../../../provider/model/quantity";
import { poolsOf } from "../../../provider/storage/poolUse";
import type { Command } from "../command";
import { askBackends } from "../everyPool";
import type { Cell } from "../output/blocks";
import { unconfigured } from "../unconfigured";

export const df: Command = {
  details:
    "TOTAL and FREE are of the disk under the pool. USED is what the pool's own data occupies, PROMISED what its " +
    "volumes may come to, trash included. AVAILABLE can still be promised; RESERVE stays free whatever happens (5 % of " +
    "the disk and at least 1GiB, unless the pool says otherwise). A retired pool was deleted while something was in its " +
    "trash: nothing new is made in it, and it goes when its trash has ended.",
  examples: [
    ["df", "every pool of every backend"],
    ["df --json", "the same in bytes"],
  ],
  async run(session) {
    const { found, problems, exitCode } = await askBackends(session, (backend) => poolsOf(session.storage, backend));
    const pools = found.flat();
    const rows = pools.map((pool): Cell[] => [
      pool.id,
      pool.driver,
      pool.retiredAt === undefined ? "live" : { text: "retired", tone: "warn" },
      ...[pool.totalBytes, pool.freeBytes, pool.allocatedBytes, pool.provisionedBytes].map(formatBytes),
      pool.availableBytes === 0 ? { text: "0B", tone: "warn" } : formatBytes(pool.availableBytes),
      formatBytes(pool.reserveBytes),
    ]);
    const sizes = ["TOTAL", "FREE", "USED", "PROMISED", "AVAILABLE", "RESERVE"];
    const columns = ["POOL", "TYPE", "STATE", ...sizes.map((title) => ({ title, align: "right" as const }))];
    const none = "There are no pools. A stack makes them; is a disk not mounted?";
    const text = rows.length > 0 ? [{ columns, rows }] : (unconfigured(session, "There are no pools") ?? [none]);
    return { json: { pools, problems }, text, exitCode };
  },
};
