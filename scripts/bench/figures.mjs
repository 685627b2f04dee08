// Every figure by the name that --only knows, in the order of the table.
import { StepError } from "../lib/console.mjs";
import { agentFigures } from "./figures/agent.mjs";
import { cephFigures } from "./figures/ceph.mjs";
import { classEditFigures } from "./figures/classEdit.mjs";
import { createFigures } from "./figures/creates.mjs";
import { engineFigures, engineNames } from "./figures/engine.mjs";
import { listFigures } from "./figures/list.mjs";
import { memoryFigures } from "./figures/memory.mjs";
import { planRetentionFigures } from "./figures/planRetention.mjs";
import { operationFigures, pluginFigures } from "./figures/plugin.mjs";
import { policyRunFigures } from "./figures/policyRun.mjs";
import { refreshListFigures } from "./figures/refreshLists.mjs";
import { startFigures } from "./figures/start.mjs";
import { stateFigures } from "./figures/state.mjs";

/** The figures that are measured apart. Those of the engine come from one series of runs. */
const others = {
  classes: (bench, { volumes, runs }) =>
    engineFigures(bench, { volumes, runs, names: engineNames, goals: engineNames, program: "classes" }),
  scale: (bench, { manyVolumes, manyRuns }) =>
    engineFigures(bench, { volumes: manyVolumes, runs: manyRuns, names: engineNames }),
  state: stateFigures,
  plugin: pluginFigures,
  "plugin-scale": (bench, { manyVolumes, manyRuns }) => operationFigures(bench, manyVolumes, manyRuns),
  start: startFigures,
  memory: (bench, { manyVolumes }) => memoryFigures(bench, { volumes: manyVolumes }),
  creates: createFigures,
  list: listFigures,
  "refresh-lists": refreshListFigures,
  "class-edit-lists": classEditFigures,
  "plan-retention": planRetentionFigures,
  agent: agentFigures,
  "policy-run": policyRunFigures,
};

/** Measured where they are asked for by name: they start something of their own. */
const optional = { ceph: cephFigures };

export const usualNames = [...engineNames, ...Object.keys(others)];
export const figureNames = [...usualNames, ...Object.keys(optional)];

/** Whether any of the figures runs the engine. */
export const needsEngine = (names) =>
  names.some((name) => [...engineNames, "classes", "scale", "state", "plugin", "plugin-scale"].includes(name));

/** Returns `{ figures, failures }`: what could not be measured does not take the rest with it. */
export async function measure(bench, { only, sizes }) {
  const result = { figures: [], failures: [] };
  const attempt = async (name, work) => {
    try {
      result.figures.push(...(await work()));
    } catch (error) {
      result.failures.push({
        name,
        message: error instanceof StepError ? error.message : (error.stack ?? String(error)),
      });
    }
  };
  const names = engineNames.filter((name) => only.includes(name));
  const { volumes, runs } = sizes;
  if (names.length > 0)
    await attempt(names.join(", "), () => engineFigures(bench, { volumes, runs, names, goals: names }));
  for (const [name, work] of Object.entries({ ...others, ...optional })) {
    if (only.includes(name)) await attempt(name, () => work(bench, sizes));
  }
  return result;
}
