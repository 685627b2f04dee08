import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describeWith } from "../support/requires";
import type { EngineHost } from "./support/engineHost";
import { expectSentence } from "./support/scene";
import {
  expectFailure,
  expectSuccess,
  type Program,
  type RunResult,
  TestStack,
  temporaryFolder,
} from "./support/testStack";
import { treeHash } from "./support/treeHash";

/** Everything in a pool that is still to be made. `values.targets` is what the policy takes of `data` and `home`. */
const policyOverShare: Program = ({ krstorage, values }) => {
  const ssd = new krstorage.Pool("ssd", { backend: "main", reserve: "0B" });
  const data = new krstorage.Volume("data", { pool: ssd, size: "4MiB" });
  const home = new krstorage.Share("home", { pool: ssd, size: "4MiB" });
  new krstorage.SnapshotPolicy("nightly", {
    schedule: "@daily",
    retention: { keepLast: 2 },
    targets: values.targets === "both" ? [data, home] : values.targets === "none" ? [] : [data],
  });
};

/** Programs that no pool of `local` can do, and what their first preview says. */
const impossible: [what: string, program: Program, sentence: RegExp][] = [
  [
    "a protocol that its pools do not serve",
    ({ krstorage }) => {
      const ssd = new krstorage.Pool("ssd", { backend: "main", reserve: "0B" });
      new krstorage.Share("s", { pool: ssd, size: "4MiB", protocol: "nfs" });
    },
    /property protocol value \{nfs\} has a problem: pool main\/ssd does not serve "nfs"; it serves directory/,
  ],
  [
    "a Volume where a Snapshot belongs",
    ({ krstorage }) => {
      const ssd = new krstorage.Pool("ssd", { backend: "main", reserve: "0B" });
      const data = new krstorage.Volume("data", { pool: ssd, size: "4MiB" });
      new krstorage.Volume("copy", { pool: ssd, size: "4MiB", source: { snapshot: data as never } });
    },
    /has a problem: source\.snapshot: "main\/ssd\/data" is not a snapshot id/,
  ],
  [
    "a volume made from a share",
    ({ krstorage }) => {
      const ssd = new krstorage.Pool("ssd", { backend: "main", reserve: "0B" });
      const home = new krstorage.Share("home", { pool: ssd, size: "4MiB" });
      new krstorage.Volume("copy", { pool: ssd, size: "4MiB", source: { volume: home.shareId } });
    },
    /has a problem: source\.volume: main\/ssd\/home is a share; a volume is made from a volume, or from a snapshot of one/,
  ],
  [
    "one name for two, which neither has given",
    ({ krstorage }) => {
      const ssd = new krstorage.Pool("ssd", { backend: "main", reserve: "0B" });
      const data = new krstorage.Volume("data", { pool: ssd, size: "4MiB" });
      new krstorage.Share("data", { pool: ssd, size: "4MiB" }, { dependsOn: data });
    },
    /Share resource 'data' has a problem: main\/ssd\/data is declared twice in this deployment/,
  ],
];

/** Runs the tests in a host. */
export function describePreviews(host: EngineHost): void {
  const folders: string[] = [];
  afterAll(() => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });
  const newStack = async (main: object): Promise<TestStack> => {
    const folder = temporaryFolder("preview");
    folders.push(folder);
    const stack = new TestStack({ folder, config: { "krstorage:backends": { main } }, host });
    await stack.init();
    return stack;
  };
  const newFolder = (above: string): string => {
    const folder = mkdtempSync(above);
    folders.push(folder);
    return folder;
  };
  const expectRefused = (result: RunResult, sentence: RegExp) => {
    expectSentence(expectFailure(result), sentence);
    expect(result.output).not.toContain("<nil>");
  };

  test.each(impossible)(
    "the first preview refuses %s",
    async (_what, program, sentence) => {
      const path = newFolder(join(temporaryFolder("pools"), "of-"));
      const stack = await newStack({ type: "local", path });
      const before = treeHash(path);
      stack.program(program);
      expectRefused(await stack.preview(), sentence);
      expect(treeHash(path)).toBe(before);
    },
    60_000,
  );

  describeWith({ needs: ["tmpfs"] }, "on a file system whose files share no blocks", () => {
    test("the first preview refuses a policy over a share, and makes nothing; without the share it is what up makes", async () => {
      const path = newFolder("/dev/shm/krs-preview-");
      const stack = await newStack({ type: "local", path, allowFilesystem: "tmpfs" });
      const before = treeHash(path);
      stack.program(policyOverShare, { targets: "both" });
      expectRefused(
        await stack.preview(),
        /has a problem: targets\[1\]: main\/ssd\/home is a share, and its pool is on tmpfs, where shares have no snapshots: take it out of targets, or keep the pool on btrfs or xfs/,
      );
      expect(treeHash(path)).toBe(before);
      stack.program(policyOverShare);
      const preview = expectSuccess(await stack.preview());
      expectSentence(preview, /keepLast 2 is below keepAtLeast 3 \(the default\): 3 stay/);
      expectSentence(preview, /runs next at .*\(while `krstorage agent` or `krstorage policy run` does\)/);
      expect(treeHash(path)).toBe(before);
      expectSentence(expectSuccess(await stack.up()), /\+ 5 created/);
      stack.program(policyOverShare, { targets: "both" });
      expectRefused(await stack.preview(), /main\/ssd\/home is a share, and its pool is on tmpfs/);
      stack.program(policyOverShare, { targets: "none" });
      expectSentence(expectSuccess(await stack.preview()), /policy nightly has no targets, so it takes nothing/);
    }, 120_000);
  });

  test("a path that is not there is told where its parent is, and refused where nothing of it is there but the top", async () => {
    const above = newFolder(join(temporaryFolder("paths"), "of-"));
    const program: Program = ({ krstorage }) => {
      new krstorage.Pool("ssd", { backend: "main", reserve: "0B" });
    };
    const path = join(above, "storge");
    const told = await newStack({ type: "local", path });
    told.program(program);
    expectSentence(expectSuccess(await told.preview()), /storge does not exist and will be made/);
    expect(existsSync(path)).toBe(false);
    const nowhere = `/krstorage-engine-${process.pid}`;
    const refused = await newStack({ type: "local", path: join(nowhere, "storage") });
    refused.program(program);
    for (const result of [await refused.preview(), await refused.up()])
      expectRefused(
        result,
        /cannot be made: \/krstorage-engine-\d+ does not exist\. Is the path right, and its disk mounted\?/,
      );
    expect([existsSync(path), existsSync(nowhere)]).toEqual([false, false]);
  }, 120_000);
}
