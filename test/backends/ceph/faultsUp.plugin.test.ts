import { once } from "node:events";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pluginHost } from "../../engine/support/engineHost";
import { expectSentence } from "../../engine/support/scene";
import {
  expectFailure,
  expectSuccess,
  type Program,
  type RunResult,
  TestStack,
  temporaryFolder,
} from "../../engine/support/testStack";
import { usingStorage } from "../../engine/support/usingStorage";
import { describeWith } from "../../support/requires";
import { cephConfig } from "../support/cephBackend";
import { clusterForTests } from "../support/cephCluster";
import { CephDaemons } from "../support/cephDaemons";
import { CephUser } from "../support/cephUser";
import { census, exactly } from "../support/poolCensus";

/** Volumes by the names that begin with `values.prefix`, in a pool that this stack has, or another one. */
const volumes: Program = ({ krstorage, values }) => {
  const pool = values.pool ?? new krstorage.Pool("ssd", { backend: "main", reserve: "0B" });
  for (let index = 0; index < Number(values.count); index += 1)
    new krstorage.Volume(`${values.prefix}${index}`, { pool, size: "1MiB" });
};
/** What is said of a cluster that is away. */
const noAnswer = /did not answer in time|cannot be reached/;
const namesOf = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}${index}`);

describeWith({ needs: ["engine", "ceph"] }, "ceph: what happens to a cluster during an up", () => {
  const cluster = clusterForTests();
  const user = new CephUser(cluster);
  const daemons = new CephDaemons(cluster);
  const folders: string[] = [];
  beforeEach(() => user.clean(), 60_000);
  afterAll(() => {
    user.close();
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  /** A cluster that does not answer is given up early, so that the tests need not wait for long. */
  const backend = () => ({ ...(cephConfig(cluster()).main as object), answerSeconds: 5 });
  const newStack = async (name: string): Promise<TestStack> => {
    const folder = join(temporaryFolder("up"), "project");
    folders.push(join(folder, ".."));
    mkdirSync(folder);
    const config = { "krstorage:backends": { main: backend() }, "krstorage:stackId": `id-of-${name}` };
    const stack = new TestStack({ folder, config, host: pluginHost, stackName: name });
    await stack.init();
    return stack;
  };
  /** An `up` that runs; what becomes of it. */
  const begin = (stack: TestStack): Promise<RunResult> => {
    const run = stack.start("up", "--yes", "--skip-preview", "--non-interactive");
    let output = "";
    for (const stream of [run.stdout, run.stderr])
      stream.on("data", (chunk: Buffer) => {
        output += chunk.toString();
      });
    return once(run, "close").then(([code]) => ({ code: (code as number | null) ?? 1, output }));
  };
  const imagesThere = async (): Promise<number> =>
    ((await user.do("images", { pool: "ssd" }).catch(() => [])) as string[]).length;
  const untilImages = async (count: number) => {
    while ((await imagesThere()) < count) await sleep(20);
  };

  test.each(["mgr.x", "osd.1"])(
    "%s is killed in the middle of an up of 50 volumes: all are made, none twice",
    async (daemon) => {
      const stack = await newStack("stack");
      stack.program(volumes, { count: "50", prefix: "data" });
      const up = begin(stack);
      await untilImages(10);
      const restart = await daemons.kill(daemon);
      try {
        expectSuccess(await up);
      } finally {
        restart();
      }
      expectSuccess(await stack.preview("--expect-no-changes"));
      expectSuccess(await stack.refresh("--expect-no-changes"));
      expect(await census(cluster(), user)).toEqual(exactly(namesOf("data", 50)));
    },
    180_000,
  );

  test("the only monitor is killed in the middle of an up of 50 volumes: UNAVAILABLE in time, and the next up ends with exactly those", async () => {
    const stack = await newStack("stack");
    stack.program(volumes, { count: "50", prefix: "data" });
    const up = begin(stack);
    await untilImages(10);
    const restart = await daemons.kill("mon.a");
    try {
      // It ends by itself while there is no monitor: nothing waits for one for ever
      const failed = await up;
      expectSentence(expectFailure(failed), noAnswer);
      expectSentence(expectSuccess(await stack.preview()), /could not be looked at, so this preview promises less/);
      const looking = usingStorage({ main: backend() }, (storage) => storage.list("main/ssd"));
      await expect(looking).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: true });
    } finally {
      restart();
    }
    expectSuccess(await stack.up());
    expectSuccess(await stack.preview("--expect-no-changes"));
    expect(await census(cluster(), user)).toEqual(exactly(namesOf("data", 50)));
  }, 300_000);

  test("two stacks on one pool at once: each has its own, and nothing to do afterwards", async () => {
    const [first, second] = [await newStack("first"), await newStack("second")];
    first.program(volumes, { count: "0", prefix: "none" });
    expectSuccess(await first.up());
    first.program(volumes, { count: "30", prefix: "first" });
    second.program(volumes, { count: "30", prefix: "second", pool: "main/ssd" });
    for (const result of await Promise.all([first.up(), second.up()])) expectSuccess(result);
    for (const stack of [first, second]) expectSuccess(await stack.preview("--expect-no-changes"));
    const all = [...namesOf("first", 30), ...namesOf("second", 30)];
    expect(await census(cluster(), user)).toEqual(exactly(all));
    for (const result of await Promise.all([second.destroy(), first.refresh("--expect-no-changes")]))
      expectSuccess(result);
    expect((await census(cluster(), user)).ready).toEqual(namesOf("first", 30).sort());
  }, 300_000);

  test("200 volumes, 32 at once: all are made, none twice, and a refresh finds nothing", async () => {
    const stack = await newStack("stack");
    stack.program(volumes, { count: "200", prefix: "data" });
    expectSuccess(await stack.up("--parallel", "32"));
    expectSuccess(await stack.refresh("--expect-no-changes", "--parallel", "32"));
    expect(await census(cluster(), user)).toEqual(exactly(namesOf("data", 200)));
  }, 300_000);
});
