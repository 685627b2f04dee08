import { homedir } from "node:os";
import { join } from "node:path";
import type { Log } from "../../provider/drivers/driver";
import type { AgentTiming } from "../daemon/timing";
import { Hooks } from "../hooks/hooks";
import type { RunOptions } from "../run/options";
import { Pace } from "../run/pace";
import type { AgentConfig } from "./agentConfig";

const defaultPrunesPerSecond = 10;

/** The agent's own folder: what it must find again after it has died. */
export function stateFolder({ state }: AgentConfig, env: NodeJS.ProcessEnv): string {
  // systemd gives several, separated by colons; the first is ours
  return state ?? (env.STATE_DIRECTORY?.split(":")[0] || join(homedir(), ".local", "state", "krstorage"));
}

/** Where the intents of hooks are. */
export function hooksFolder(config: AgentConfig, env: NodeJS.ProcessEnv): string {
  return join(stateFolder(config, env), "hooks");
}

/** How policies are run on one backend, as the agent's configuration says. */
export function runSettings(config: AgentConfig, env: NodeJS.ProcessEnv, timing: AgentTiming, log: Log): RunOptions {
  const perSecond = config.prunesPerSecond ?? defaultPrunesPerSecond;
  return {
    clock: timing,
    log,
    catchUp: config.catchUp ?? "one",
    pace: new Pace({ perSecond, burst: Math.max(1, 10 * perSecond) }, timing),
    hooks: new Hooks(config.hooks ?? {}, hooksFolder(config, env), (message) => log.warn(message)),
  };
}
