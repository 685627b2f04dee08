import { formatBytes } from "../../../provider/model/quantity";
import { poolsOf } from "../../../provider/storage/poolUse";
import type { Command } from "../command";
import { askBackends } from "../everyPool";
import type { Block, Cell } from "../output/blocks";

export const df: Command = {
  details:
    "TOTAL and FREE are of the disk under the pool. USED is what the pool's own data occupies, PROMISED what its " +
    "volumes may come to, trash included. AVAILABLE can still be promised; RESERVE stays free whatever happens.",
  examples: [
    ["df", "every pool of every backend"],
    ["df --json", "the same in bytes"],
  ],
  async run(session) {
    const { found, problems, exitCode } = await askBackends(session, (backend) => poolsOf(session.storage, backend));
    const pools = found.flat();
    const rows = pools.map((pool): Cell[] => [
      pool.id,
      pool.retiredAt === undefined ? pool.driver : { text: `${pool.driver}, retired`, tone: "warn" },
      ...[pool.totalBytes, pool.freeBytes, pool.allocatedBytes, pool.provisionedBytes].map(formatBytes),
      pool.availableBytes === 0 ? { text: "0B", tone: "warn" } : formatBytes(pool.availableBytes),
      formatBytes(pool.reserveBytes),
    ]);
    const sizes = ["TOTAL", "FREE", "USED", "PROMISED", "AVAILABLE", "RESERVE"];
    const columns = ["POOL", "TYPE", ...sizes.map((title) => ({ title, align: "right" as const }))];
    const none: Block = "There are no pools. A stack makes them; is a disk not mounted?";
    return { json: { pools, problems }, text: rows.length === 0 ? [none] : [{ columns, rows }], exitCode };
  },
};
