// The plugin: from the start of its process to its first answer, and what it takes of memory then; and its operations through the
// engine, beside a plugin that does nothing.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { inRoot } from "../../lib/paths.mjs";
import { interleave, timed } from "../interleave.mjs";
import { pluginPackages } from "../stack.mjs";
import { spread } from "../statistics.mjs";
import { atMost } from "../verdict.mjs";
import { engineFigures, engineNames } from "./engine.mjs";
import { memoryOf } from "./memory.mjs";

const require = createRequire(inRoot("package.json"));
const grpc = require("@grpc/grpc-js");
const { ResourceProviderClient } = require("@pulumi/pulumi/proto/provider_grpc_pb");
const { Empty } = require("google-protobuf/google/protobuf/empty_pb");

const goalMs = 250;
const goalMb = 90;

export async function pluginFigures(bench, { starts, volumes, runs }) {
  return [...(await startFigures(bench.workspace, starts)), ...(await operationFigures(bench, volumes, runs))];
}

/** The operations of a plain stack of so many volumes. */
export function operationFigures(bench, volumes, runs) {
  const goals = ["up", "no-change", "refresh"];
  const options = { volumes, runs, names: engineNames, goals, sides: pluginPackages, label: "plugin: " };
  return engineFigures(bench, options);
}

async function startFigures(workspace, starts) {
  const memory = [];
  const [program] = workspace.plugins;
  const { plugin } = await interleave("plugin start", starts, {
    plugin: async () => {
      let child;
      const ms = await timed(async () => {
        child = spawn(program, ["127.0.0.1:1"], { stdio: ["ignore", "pipe", "inherit"] });
        await firstAnswer(child);
      });
      memory.push(memoryOf(child.pid).now);
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
      return ms;
    },
  });
  const [start, used] = [spread(plugin), spread(memory)];
  return [
    {
      name: "plugin: start to first answer",
      unit: "ms",
      ...start,
      goal: goalMs,
      verdict: atMost(start.median, goalMs),
    },
    { name: "plugin: memory then", unit: "MB", ...used, goal: goalMb, verdict: atMost(used.median, goalMb) },
  ];
}

async function firstAnswer(child) {
  const [port] = await once(child.stdout, "data");
  const client = new ResourceProviderClient(`127.0.0.1:${String(port).trim()}`, grpc.credentials.createInsecure());
  await new Promise((resolve, reject) => {
    client.getPluginInfo(new Empty(), (error) => (error ? reject(error) : resolve()));
  });
  client.close();
}
