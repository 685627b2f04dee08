// What one volume takes in the engine's state.
import { makeStack, packages, pluginPackages } from "../stack.mjs";
import { spread } from "../statistics.mjs";
import { atMost } from "../verdict.mjs";

const goal = 1024;
const volumes = 20;

export async function stateFigures({ workspace, engine }) {
  const sizes = {};
  for (const [side, from] of Object.entries({ ...packages, plugin: pluginPackages.krstorage })) {
    const stack = await makeStack(workspace, engine, { from, volumes });
    await stack.up();
    sizes[side] = stack.volumes().map(sizesOf);
  }
  const of = (side, part) => spread(sizes[side].map((size) => size[part]));
  const own = of("krstorage", "properties");
  const ofPlugin = of("plugin", "properties");
  return [
    { name: "state of a volume: inputs + outputs", unit: "bytes", ...own, goal, verdict: atMost(own.high, goal) },
    { name: "without __provider", unit: "bytes", ...of("krstorage", "withoutProvider"), isSub: true },
    { name: "with all that the engine adds", unit: "bytes", ...of("krstorage", "everything"), isSub: true },
    {
      name: "plugin: state of a volume: inputs + outputs",
      unit: "bytes",
      ...ofPlugin,
      goal,
      verdict: atMost(ofPlugin.high, goal),
    },
    { name: "plugin: with all that the engine adds", unit: "bytes", ...of("plugin", "everything"), isSub: true },
    { name: "no-op: inputs + outputs", unit: "bytes", ...of("noop", "properties"), isSub: true },
  ];
}

function sizesOf(resource) {
  const bytes = (value) => Buffer.byteLength(JSON.stringify(value));
  const bare = ({ __provider, ...properties }) => properties;
  const { inputs, outputs } = resource;
  return {
    properties: bytes(inputs) + bytes(outputs),
    withoutProvider: bytes(bare(inputs)) + bytes(bare(outputs)),
    everything: bytes(resource),
  };
}
