import { claimIntent, readIntent } from "./intent";
import { letGo } from "./thaw";

/** A process of its own, which outlives the agent: at the deadline it lets go of what an intent says is held still. */
async function watch(file: string): Promise<void> {
  const { deadlineMs } = readIntent(file);
  // Only now may the agent hold anything still
  process.send?.("ready");
  process.disconnect?.();
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, deadlineMs - Date.now())));
  const claimed = claimIntent(file);
  if (claimed !== undefined) await letGo(claimed);
}

const [file] = process.argv.slice(2);
if (file !== undefined)
  watch(file).catch(() => {
    process.exitCode = 1;
  });
