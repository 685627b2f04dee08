// One Pulumi stack of a pool and its volumes, in a folder of its own.
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { localState, pulumiIn } from "../lib/pulumi.mjs";
import { localBackends } from "./workspace.mjs";

/** The packages compared, and what the types of their resources begin with. */
export const packages = { krstorage: "krstorage", noop: "krs-no-op" };
/** The same in the plugin host. */
export const pluginPackages = { krstorage: "krstorage/plugin", noop: "krs-no-op/plugin" };

/** The same for both, but for the package. */
const programs = {
  plain: (from, volumes) => `const { Pool, Volume } = require("${from}");
const pool = new Pool("ssd", { backend: "main", reserve: "0B" });
for (let i = 0; i < ${volumes}; i += 1) {
  new Volume(\`volume-\${String(i).padStart(4, "0")}\`, { pool, size: "1MiB" });
}
`,
  classes: (from, volumes) => `const { Pool, SnapshotPolicy, Volume, VolumeClass } = require("${from}");
const pool = new Pool("ssd", { backend: "main", reserve: "0B" });
const classes = ["gold", "silver", "bronze"].map(
  (name) => new VolumeClass(name, { pools: [pool], allowExpansion: true, labels: { tier: name } }),
);
const volumes = Array.from({ length: ${volumes} }, (_, i) =>
  new Volume(\`volume-\${String(i).padStart(4, "0")}\`, { volumeClass: classes[i % 3], size: "1MiB" }),
);
["hourly", "daily", "weekly"].forEach((name, at) => {
  const targets = volumes.filter((_, i) => i % 3 === at);
  new SnapshotPolicy(name, { schedule: \`@\${name}\`, retention: { keepLast: 7 }, targets });
});
`,
};

const stackName = "bench";
const unattended = ["--yes", "--skip-preview", "--stack", stackName];

/** `program`: "plain", or "classes" for volumes in 3 classes with 3 policies. */
export async function makeStack(workspace, engine, { from, volumes, program = "plain" }) {
  const folder = workspace.newFolder();
  const home = join(workspace.folder, "home");
  const state = join(folder, "state");
  for (const each of [home, state]) mkdirSync(each, { recursive: true });
  symlinkSync(join(workspace.folder, "node_modules"), join(folder, "node_modules"));
  const runtime = "runtime:\n  name: nodejs\n  options:\n    typescript: false\n";
  writeFileSync(join(folder, "Pulumi.yaml"), `name: bench\n${runtime}`);
  writeFileSync(join(folder, "package.json"), '{"name":"program","main":"index.js"}');
  writeFileSync(join(folder, "index.js"), programs[program](from, volumes));
  const config = { "krstorage:backends": localBackends(folder), "krstorage:stackId": "id-of-the-benchmark" };
  writeFileSync(join(folder, `Pulumi.${stackName}.yaml`), JSON.stringify({ config }));
  const pulumi = pulumiIn(folder, {
    pulumi: engine.pulumi,
    env: {
      ...engine.env,
      PATH: [...workspace.plugins.map((plugin) => dirname(plugin)), engine.env.PATH].join(delimiter),
      ...localState({ state, home }),
    },
  });
  await pulumi(["stack", "init", stackName]);
  return {
    folder,
    up: () => pulumi(["up", ...unattended]),
    /** Fails if there was anything to change. */
    upUnchanged: () => pulumi(["up", "--expect-no-changes", ...unattended]),
    refresh: () => pulumi(["refresh", "--expect-no-changes", ...unattended]),
    destroy: () => pulumi(["destroy", ...unattended]),
    remove: () => rmSync(folder, { recursive: true, force: true }),
    /** The volumes as the engine keeps them. */
    volumes() {
      const file = join(state, ".pulumi", "stacks", "bench", `${stackName}.json`);
      const { resources } = JSON.parse(readFileSync(file, "utf8")).checkpoint.latest;
      return resources.filter((resource) => resource.type.endsWith(":Volume"));
    },
  };
}
