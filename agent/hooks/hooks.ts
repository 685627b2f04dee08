import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { KrStorageError, messageOf } from "../../provider/model/errors";
import { durationMs } from "../../provider/model/quantity";
import type { HookConfig } from "../config/agentConfig";
import type { Held, HookRunner } from "../run/hookRunner";
import { claimIntent, endIntent, writeIntent } from "./intent";
import { perform } from "./perform";
import { letGo } from "./thaw";

const defaultDeadline = "10s";
const watchdogStartMs = 5_000;

interface Holding {
  readonly name: string;
  readonly file: string;
  readonly watchdog: ChildProcess;
}

/**
 * Holds applications still around snapshots. Before anything is held, how to let it go is on disk, and a process of its own waits for the
 * deadline; so they go on whatever happens to the agent. A snapshot that was not there by then is one of a running disk.
 */
export class Hooks implements HookRunner {
  constructor(
    private readonly hooks: Readonly<Record<string, HookConfig>>,
    /** Where intents are kept. */
    private readonly folder: string,
    private readonly warn: (message: string) => void,
  ) {}

  async around<Result>(
    names: readonly string[],
    policy: { readonly uid: string; readonly owner: string },
    targets: readonly string[],
    take: () => Promise<Result>,
  ): Promise<Held<Result>> {
    const chosen = names.map((name) => ({ name, hook: this.allowed(name, policy.owner, targets) }));
    const holding: Holding[] = [];
    let result: Result;
    try {
      for (const { name, hook } of chosen) holding.push(await this.hold(name, hook, policy.uid, targets));
      result = await take();
    } catch (error) {
      await this.release(holding);
      throw error;
    }
    const late = await this.release(holding);
    if (late.length === 0) return { result, isApp: true };
    return { result, isApp: false, problem: `the snapshot was not there by the deadline of ${late.join(", ")}` };
  }

  /** A hook that this policy may use for all of these targets. */
  private allowed(name: string, owner: string, targets: readonly string[]): HookConfig {
    const hook = Object.hasOwn(this.hooks, name) ? this.hooks[name] : undefined;
    if (!hook) throw new KrStorageError("NOT_FOUND", `there is no hook "${name}" in the agent's configuration`);
    if (!hook.owners.some((allowed) => owner.startsWith(allowed)))
      throw new KrStorageError("PERMISSION_DENIED", `policies of ${owner} may not use the hook "${name}"`);
    const foreign = targets.find((target) => hook.targets !== undefined && !hook.targets.includes(target));
    if (foreign !== undefined)
      throw new KrStorageError("PERMISSION_DENIED", `the hook "${name}" may not be used for ${foreign}`);
    return hook;
  }

  private async hold(name: string, hook: HookConfig, policy: string, targets: readonly string[]): Promise<Holding> {
    const holdMs = durationMs(hook.deadline ?? defaultDeadline);
    const body = JSON.stringify({ hook: name, policy, targets });
    const file = writeIntent(this.folder, { hook: name, thaw: hook.thaw, body, deadlineMs: Date.now() + holdMs });
    const watchdog = await startWatchdog(file).catch((error: unknown) => {
      endIntent(file);
      throw error;
    });
    const holding = { name, file, watchdog };
    try {
      await perform(hook.freeze, body, holdMs);
      return holding;
    } catch (error) {
      // It may be held half-way
      await this.release([holding]);
      throw new KrStorageError("PRECONDITION_FAILED", `the hook "${name}" could not hold still: ${messageOf(error)}`);
    }
  }

  /** Lets go, in the opposite order. Returns the names of those whose deadline was first. */
  private async release(holding: readonly Holding[]): Promise<string[]> {
    const late: string[] = [];
    for (const { name, file, watchdog } of holding.toReversed()) {
      const claimed = claimIntent(file);
      if (claimed === undefined) {
        late.push(name);
        continue;
      }
      watchdog.kill();
      await letGo(claimed).catch((error: unknown) =>
        this.warn(`hook "${name}": letting go failed, and is tried again when the agent starts: ${messageOf(error)}`),
      );
    }
    return late;
  }
}

/** The watchdog, once it watches. In a session of its own, so that what ends the agent does not end it. */
function startWatchdog(file: string): Promise<ChildProcess> {
  const child = fork(join(__dirname, "watchdog.js"), [file], {
    detached: true,
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    execArgv: [],
  });
  child.unref();
  return new Promise((resolve, reject) => {
    const fail = (how: string) => {
      child.kill("SIGKILL");
      reject(new KrStorageError("INTERNAL", `the watchdog of a hook ${how}; nothing is held still`));
    };
    const timer = setTimeout(() => fail("did not start"), watchdogStartMs);
    child.once("error", () => fail("could not be started"));
    child.once("exit", () => fail("ended at once"));
    child.once("message", () => {
      clearTimeout(timer);
      child.removeAllListeners();
      resolve(child);
    });
  });
}
