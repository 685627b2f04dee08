// How often a run over many targets lists their pool: a count, not a time.
import { StepError } from "../../lib/console.mjs";
import { countCalls, counted } from "../counting.mjs";
import { declarePolicies } from "../policies.mjs";
import { atMost } from "../verdict.mjs";

const goal = 1;
const policies = 10;

export async function policyRunFigures({ workspace }, { creates: targets }) {
  const { load, calls, newContext } = countCalls(workspace);
  let offsetMs = 0;
  const { systemClock } = load("provider/drivers/clock.js");
  const clock = {
    now: () => systemClock.now() + offsetMs,
    uptime: () => systemClock.uptime() + offsetMs,
    bootId: () => systemClock.bootId(),
  };
  const stack = newContext({ clock }).storage;
  await declarePolicies(load, stack, { volumes: targets, policies, schedule: "@hourly" });
  await stack.close();

  offsetMs = 3_600_000; // everything is due
  calls.clear();
  const { storage } = newContext({ clock }); // an agent is another process
  const { agentPort } = load("agent/run/agentPort.js");
  const { runOnce } = load("agent/run/runOnce.js");
  const started = performance.now();
  const [report] = await runOnce([agentPort(storage.backend("main"))], { clock });
  const ms = performance.now() - started;
  await storage.close();
  const taken = report.targets.filter(({ take }) => take?.action === "taken").length;
  if (taken !== targets) throw new StepError(`The run took ${taken} snapshots instead of ${targets}.`);
  const lists = calls.get("list") ?? 0;
  return [
    { name: `lists in a run over ${targets} targets`, ...counted(lists), goal, verdict: atMost(lists, goal) },
    { name: "the run, a snapshot of each", unit: "ms", median: ms, low: ms, high: ms, runs: 1, isSub: true },
  ];
}
