import { lstatSync, readdirSync, statfsSync } from "node:fs";
import type { CapacityFacts } from "../capacity";
import { diskPath, type PoolPaths } from "./layout";

/** How long the bytes that disks occupy are remembered: summing them up looks at every disk. */
const maxAgeMs = 30_000;
const blockBytes = 512;

/** What a pool's data occupies on its file system. */
export class Usage {
  private swept: { allocatedBytes: number; freeBytes: number; at: number } | undefined;

  constructor(private readonly paths: PoolPaths) {}

  /** The room as far as it is known without looking at every disk: never more than there is. */
  known(provisionedBytes: number): CapacityFacts {
    const { totalBytes, freeBytes } = roomUnder(this.paths.root);
    const swept = this.swept && performance.now() - this.swept.at <= maxAgeMs ? this.swept : undefined;
    // Bytes that became free since may have been these disks' own; they must not count twice
    const allocatedBytes = swept ? Math.max(0, swept.allocatedBytes - Math.max(0, freeBytes - swept.freeBytes)) : 0;
    return { totalBytes, freeBytes, allocatedBytes, provisionedBytes };
  }

  /** The room with a sum over every disk that is at most `ageMs` old. */
  measured(provisionedBytes: number, ageMs = maxAgeMs): CapacityFacts {
    if (!this.swept || performance.now() - this.swept.at > ageMs) this.sweep();
    return this.known(provisionedBytes);
  }

  forget(): void {
    this.swept = undefined;
  }

  private sweep(): void {
    let allocatedBytes = 0;
    for (const folder of readdirSync(this.paths.data, { withFileTypes: true })) {
      const stats = folder.isDirectory()
        ? lstatSync(diskPath(this.paths, folder.name), { throwIfNoEntry: false })
        : undefined;
      if (stats?.isFile()) allocatedBytes += stats.blocks * blockBytes;
    }
    this.swept = { allocatedBytes, freeBytes: roomUnder(this.paths.root).freeBytes, at: performance.now() };
  }
}

/** The size and free space of the file system under a path. */
export function roomUnder(path: string): { totalBytes: number; freeBytes: number } {
  const { blocks, bavail, bsize } = statfsSync(path);
  return { totalBytes: blocks * bsize, freeBytes: bavail * bsize };
}
