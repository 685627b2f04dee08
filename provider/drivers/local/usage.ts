import { lstatSync, readdirSync, statfsSync } from "node:fs";
import type { CapacityFacts } from "../capacity";
import { diskPath, type PoolPaths } from "./layout";
import { measureTrees } from "./treeTools";

/** How long the bytes that disks occupy are remembered: summing them up looks at every disk. */
const maxAgeMs = 30_000;
const blockBytes = 512;
/** How long a call waits for the sum over all shares. Whoever asks later gets what was found by then. */
const treePatienceMs = 2000;

/** What a pool's data occupies on its file system. */
export class Usage {
  private swept: { allocatedBytes: number; freeBytes: number; at: number } | undefined;
  private trees: { allocatedBytes: number; freeBytes: number; at: number } | undefined;
  private measuring: Promise<void> | undefined;
  private readonly ending = new AbortController();

  constructor(private readonly paths: PoolPaths) {}

  /** The room as far as it is known without looking at every disk: never more than there is. */
  known(provisionedBytes: number): CapacityFacts {
    const { totalBytes, freeBytes } = roomUnder(this.paths.root);
    // Bytes that became free since may have been these disks' own; they must not count twice
    const still = (sum: typeof this.swept) =>
      sum && performance.now() - sum.at <= maxAgeMs
        ? Math.max(0, sum.allocatedBytes - Math.max(0, freeBytes - sum.freeBytes))
        : 0;
    const allocatedBytes = still(this.swept) + still(this.trees);
    return { totalBytes, freeBytes, allocatedBytes, provisionedBytes };
  }

  /** The room with a sum over every disk that is at most `ageMs` old. */
  measured(provisionedBytes: number, ageMs = maxAgeMs): CapacityFacts {
    if (!this.swept || performance.now() - this.swept.at > ageMs) this.sweep();
    return this.known(provisionedBytes);
  }

  forget(): void {
    this.swept = undefined;
    this.trees = undefined;
  }

  /**
   * Brings the sum over shares up to date, as far as it can be had soon: it meets every file in them. Until it is there they count as
   * if nothing were in them, and then less room is told than there is. `trees` tells them, if they are asked for.
   */
  async lookAtTrees(trees: () => string[]): Promise<void> {
    if (this.trees && performance.now() - this.trees.at < maxAgeMs / 2) return;
    this.measuring ??= this.measure(trees()).finally(() => {
      this.measuring = undefined;
    });
    let patience: NodeJS.Timeout | undefined;
    const soon = new Promise<void>((resolve) => {
      patience = setTimeout(resolve, treePatienceMs);
    });
    await Promise.race([this.measuring, soon]);
    clearTimeout(patience);
  }

  /** Ends what is still looked for. */
  end(): void {
    this.ending.abort();
  }

  private async measure(trees: string[]): Promise<void> {
    const allocatedBytes = await measureTrees(trees, this.ending.signal).catch(() => undefined);
    if (allocatedBytes === undefined) return;
    this.trees = { allocatedBytes, freeBytes: roomUnder(this.paths.root).freeBytes, at: performance.now() };
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
