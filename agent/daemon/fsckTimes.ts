import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Log } from "../../provider/drivers/driver";
import { messageOf } from "../../provider/model/errors";

const stored = z.record(z.string(), z.number());

/** When each pool was last checked, by its identity; kept in the agent's state folder, so that a restart checks nothing anew. */
export class FsckTimes {
  private readonly times: Record<string, number>;

  /** `folder` undefined: remembered only while the agent runs. */
  constructor(
    private readonly folder: string | undefined,
    private readonly log: Log,
  ) {
    this.times = folder === undefined ? {} : read(join(folder, fileName));
  }

  of(identity: string): number | undefined {
    return this.times[identity];
  }

  set(identity: string, atMs: number): void {
    this.times[identity] = atMs;
    if (this.folder === undefined) return;
    const file = join(this.folder, fileName);
    try {
      mkdirSync(this.folder, { recursive: true, mode: 0o700 });
      writeFileSync(`${file}.new`, JSON.stringify(this.times), { mode: 0o600 });
      renameSync(`${file}.new`, file);
    } catch (error) {
      this.log.warn(`${file} cannot be written, pools will be checked again after a restart: ${messageOf(error)}`);
    }
  }
}

const fileName = "fsck.json";

function read(file: string): Record<string, number> {
  try {
    return stored.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return {}; // none yet, or unreadable: checking once too often does no harm
  }
}
