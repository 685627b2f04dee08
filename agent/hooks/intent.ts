import { randomBytes } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { HookAction } from "../config/agentConfig";

/** What stands on disk before anything is held still: how to let it go, and when at the latest. */
const intent = z.object({
  hook: z.string(),
  /** As in the agent's configuration at that time. */
  thaw: z.union([
    z.array(z.string()),
    z.object({ url: z.string(), headers: z.record(z.string(), z.string()).optional() }),
  ]),
  body: z.string(),
  /** ms since 1970. */
  deadlineMs: z.number(),
});
export type Intent = z.infer<typeof intent> & { thaw: HookAction };

const pending = ".freeze.json";
const thawing = ".thaw.json";

/** Writes an intent, durably: from here on whoever finds it lets go. Returns its file. */
export function writeIntent(folder: string, content: Intent): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, `${content.hook}-${randomBytes(8).toString("hex")}${pending}`);
  const descriptor = openSync(`${file}.new`, "wx", 0o600);
  try {
    writeSync(descriptor, JSON.stringify(content));
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(`${file}.new`, file);
  syncFolder(folder);
  return file;
}

/** Claims an intent for letting go; undefined if somebody else has done so, which means that the deadline has passed. */
export function claimIntent(file: string): string | undefined {
  const claimed = file.replace(pending, thawing);
  try {
    renameSync(file, claimed);
    return claimed;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

export function readIntent(file: string): Intent {
  return intent.parse(JSON.parse(readFileSync(file, "utf8"))) as Intent;
}

/** Done: nobody needs to let go any more. */
export function endIntent(file: string): void {
  rmSync(file, { force: true });
}

/** The intents that were left behind, claimed or not, by agents that have died. */
export function leftIntents(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(pending) || name.endsWith(thawing))
      .map((name) => join(folder, name));
  } catch {
    return []; // the folder is made with the first intent
  }
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
