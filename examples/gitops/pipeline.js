// The steps of the pipeline. CI runs them by `npm run preview`, `npm run deploy` and `npm run drift`; so does whoever wants to see here what CI would do.
// STACK is the stack (default "dev"). LOCK_WAIT is how many seconds to wait for another update of the stack to end (default 600).
const { ConcurrentUpdateError, LocalWorkspace } = require("@pulumi/pulumi/automation");

const stackName = process.env.STACK ?? "dev";
const lockWaitMs = Number(process.env.LOCK_WAIT ?? "600") * 1000;
const lockPollMs = 2000;

/** Exit codes, so that CI can tell what happened. */
const exitCodes = { failed: 1, drift: 3, locked: 75 };

const print = {
  onOutput: (text) => process.stdout.write(text),
  onError: (text) => process.stderr.write(text),
  color: "never",
};

/** The steps confirm for themselves; with this set by the environment, the engine would take a look for drift for a change. */
const envVars = { PULUMI_SKIP_CONFIRMATIONS: "false" };

const steps = {
  /** On a pull request: what would change. Changes nothing. */
  preview: (stack) => stack.preview({ ...print, diff: true }),
  /** On merge. */
  deploy: (stack) => whenUnlocked(() => stack.up(print)),
  /** By schedule: whether what is there is still what the state says. Changes nothing, fails on a difference. */
  async drift(stack) {
    const { changeSummary } = await whenUnlocked(() => stack.previewRefresh({ ...print, diff: true }));
    const drifted = Object.entries(changeSummary ?? {}).filter(([operation]) => operation !== "same");
    if (drifted.length === 0) return console.log("no drift");
    const counts = drifted.map(([operation, count]) => `${count} ${operation}`).join(", ");
    console.error(`DRIFT in stack ${stackName}: ${counts}. "npm run preview" shows what deploying would do about it.`);
    process.exitCode = exitCodes.drift;
  },
};

/** Two updates of one stack never run at once: the second waits for the first, for a time, and then gives up without having changed anything. */
async function whenUnlocked(update) {
  for (const giveUp = Date.now() + lockWaitMs; ; ) {
    try {
      return await update();
    } catch (error) {
      if (!(error instanceof ConcurrentUpdateError)) throw error;
      if (Date.now() >= giveUp) throw error;
      console.error(`Another update of stack ${stackName} is running; waiting for it to end.`);
      await new Promise((resolve) => setTimeout(resolve, lockPollMs));
    }
  }
}

async function main(name) {
  const step = Object.hasOwn(steps, name) ? steps[name] : undefined;
  if (!step) throw new Error(`usage: node pipeline.js ${Object.keys(steps).join("|")}`);
  await step(await LocalWorkspace.selectStack({ stackName, workDir: __dirname }, { envVars }));
}

main(process.argv[2]).catch((error) => {
  if (error instanceof ConcurrentUpdateError) {
    console.error(
      `Another update of stack ${stackName} is still running, so nothing was changed. Try again when it has ended. ` +
        `If it was killed and will never end: pulumi cancel ${stackName}`,
    );
    process.exitCode = exitCodes.locked;
    return;
  }
  // What Pulumi said has been printed already; the error repeats it
  if (!error.commandResult) console.error(error.message);
  process.exitCode = exitCodes.failed;
});
