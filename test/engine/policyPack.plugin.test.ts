import { chmodSync, cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { describeWith, engineBin } from "../support/requires";
import { dynamicHost, pluginHost } from "./support/engineHost";
import { localBackend } from "./support/localBackend";
import { expectSentence } from "./support/scene";
import { expectFailure, expectSuccess, type Program, TestStack, temporaryFolder } from "./support/testStack";

const root = join(__dirname, "..", "..", "..");

const program: Program = ({ krstorage, values }) => {
  const ssd = new krstorage.Pool("ssd", { backend: "main", reserve: "0B" });
  const daily = new krstorage.VolumeClass("daily", {
    pools: [ssd],
    schedule: "@daily",
    retention: { keepDaily: 7 },
  });
  new krstorage.Volume("classed", { volumeClass: daily, size: "1MiB" });
  new krstorage.Volume("scratch", { pool: ssd, size: "1MiB", labels: { snapshots: "none" } });
  const [data, web] = ["data", "web"].map((name) => new krstorage.Volume(name, { pool: ssd, size: "1MiB" }));
  const targets = [data, web].slice(0, Number(values.covered)) as NonNullable<typeof data>[];
  new krstorage.SnapshotPolicy("nightly", { schedule: "@daily", retention: { keepDaily: 7 }, targets });
};

/**
 * The pack as it is, run by what Pulumi's SDK runs packs with. Only its runtime has another name: the Node host that can be built
 * cannot run packs itself, and the engine takes a program of that name instead.
 */
function preparePack(folder: string): { pack: string; bin: string } {
  const [pack, bin] = [join(folder, "pack"), join(folder, "bin")];
  cpSync(join(root, "examples", "policy-pack"), pack, { recursive: true });
  symlinkSync(join(root, "node_modules"), join(pack, "node_modules"), "dir");
  writeFileSync(join(pack, "PulumiPolicy.yaml"), "runtime: nodepack\n");
  mkdirSync(bin);
  const runner = join(root, "node_modules", "@pulumi", "pulumi", "cmd", "run-policy-pack");
  const analyzer = join(bin, "pulumi-analyzer-policy-nodepack");
  writeFileSync(analyzer, `#!/bin/sh\nexec "${process.execPath}" "${runner}" "$@"\n`);
  chmodSync(analyzer, 0o755);
  return { pack, bin };
}

describeWith({ needs: ["engine", "linux"] }, "examples/policy-pack", () => {
  test.each([pluginHost, dynamicHost])(
    "no volume without a snapshot policy, on the $name host: refused at preview and update, by name",
    async (host) => {
      const folder = temporaryFolder("policy-pack");
      const { pack, bin } = preparePack(folder);
      const project = join(folder, "project");
      mkdirSync(project);
      const backend = localBackend(folder);
      const path = [bin, host.path, engineBin(), process.env.PATH].filter((part) => part !== undefined);
      const stack = new TestStack({
        folder: project,
        config: { "krstorage:backends": backend.config(), "krstorage:stackId": "policy-pack" },
        env: { PATH: path.join(delimiter) },
        host,
      });
      await stack.init();
      stack.program(program, { covered: "1" });
      const refused = expectFailure(await stack.preview("--policy-pack", pack));
      expectSentence(refused, /main\/ssd\/web has no snapshot policy: name it in the targets/);
      for (const name of ["data", "classed", "scratch"])
        expect(refused.output).not.toContain(`main/ssd/${name} has no snapshot policy`);

      stack.program(program, { covered: "2" });
      expectSuccess(await stack.preview("--policy-pack", pack));
      expectSuccess(await stack.up("--policy-pack", pack));
      expect((await backend.list("main/ssd")).map(({ id }) => id).sort()).toEqual([
        "main/ssd/classed",
        "main/ssd/data",
        "main/ssd/scratch",
        "main/ssd/web",
      ]);
      rmSync(folder, { recursive: true });
    },
    180_000,
  );
});
