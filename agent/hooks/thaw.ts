import { setTimeout as wait } from "node:timers/promises";
import { endIntent, leftIntents, readIntent } from "./intent";
import { perform } from "./perform";

/** How often letting go is tried, and how long each try may take. Holding an application still for ever is the worst that can happen. */
const attempts = 5;
const timeoutMs = 10_000;
const pauseMs = 500;

/** Lets go of what a claimed intent holds still, and ends the intent. One that never succeeds is left, for the next agent to try. */
export async function letGo(claimed: string): Promise<void> {
  const { thaw, body } = readIntent(claimed);
  for (let attempt = 1; ; attempt += 1) {
    try {
      await perform(thaw, body, timeoutMs);
      endIntent(claimed);
      return;
    } catch (error) {
      if (attempt === attempts) throw error;
      await wait(pauseMs);
    }
  }
}

/** Lets go of everything that agents have left held still: what this one finds when it starts is of dead ones. */
export async function letGoOfLeft(folder: string, warn: (message: string) => void): Promise<void> {
  for (const file of leftIntents(folder)) {
    try {
      await letGo(file);
      warn(`${file}: an agent had died while applications were held still; they go on now`);
    } catch (error) {
      warn(`${file}: letting go failed and will be tried again at the next start: ${String(error)}`);
    }
  }
}
