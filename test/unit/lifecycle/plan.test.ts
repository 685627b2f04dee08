import type { CheckFailure } from "../../../provider/lifecycle/lifecycle";
import { FakeDisk } from "../support/fakeDriver";
import { ownerOf, Scene, sceneWithPool, volumeInputs } from "../support/scene";

const gib = 2 ** 30;

function reasons(failures: CheckFailure[]): string {
  return failures.map((failure) => `${failure.property}: ${failure.reason}`).join("\n");
}
/** A scene whose pool has that many GiB to give. */
async function poolOf(size: number): Promise<Scene> {
  const scene = new Scene();
  await scene.pool({ capacity: `${size}GiB` });
  return scene;
}

test("a volume declared twice in one plan is refused, naming both", async () => {
  const scene = await sceneWithPool();
  expect(await scene.check("volume", "a", volumeInputs("data"))).toEqual([]);
  const failures = await scene.check("volume", "b", volumeInputs("data"));
  expect(failures).toMatchObject([{ property: "name" }]);
  expect(reasons(failures)).toContain(ownerOf("volume", "a"));
  expect(reasons(failures)).toContain(ownerOf("volume", "b"));
});

test("a pool declared twice in one plan is refused, naming both", async () => {
  const scene = new Scene();
  const inputs = { backend: "main", name: "ssd" };
  expect(await scene.check("pool", "a", inputs)).toEqual([]);
  const failures = await scene.check("pool", "b", inputs);
  expect(failures).toMatchObject([{ property: "name" }]);
  expect(reasons(failures)).toContain(`by ${ownerOf("pool", "a")} and by ${ownerOf("pool", "b")}`);
});

test("a resource that is checked twice does not clash with itself, nor count twice", async () => {
  const scene = await poolOf(10);
  for (const _ of [1, 2, 3]) expect(await scene.check("volume", "a", volumeInputs("a", { size: "9GiB" }))).toEqual([]);
});

test("capacity is summed over the plan, and refused where it no longer fits", async () => {
  const scene = await poolOf(10);
  expect(await scene.check("volume", "a", volumeInputs("a", { size: "6GiB" }))).toEqual([]);
  expect(await scene.check("volume", "b", volumeInputs("b", { size: "4GiB" }))).toEqual([]);
  const failures = await scene.check("volume", "c", volumeInputs("c", { size: "1GiB" }));
  expect(failures).toMatchObject([{ property: "size" }]);
  expect(reasons(failures)).toContain("11GiB more does not fit: 10GiB of 10GiB can still be promised");
  expect(reasons(failures)).toContain("this plan asks for 11GiB in all, 1GiB of it here");
});

test("growing counts by what it adds", async () => {
  const scene = await poolOf(10);
  await scene.volume("a", { size: "6GiB" });
  const old = volumeInputs("a", { size: "6GiB" });
  expect(await scene.nextRun().check("volume", "a", volumeInputs("a", { size: "10GiB" }), old)).toEqual([]);
  expect(await scene.nextRun().check("volume", "a", volumeInputs("a", { size: "11GiB" }), old)).toMatchObject([
    { property: "size" },
  ]);
});

test("what has been made counts once: in the pool, no longer in the plan", async () => {
  const scene = await poolOf(10);
  for (const name of ["a", "b", "c", "d", "e"]) {
    expect(await scene.check("volume", name, volumeInputs(name, { size: "2GiB" }))).toEqual([]);
    await scene.volume(name, { size: "2GiB" });
  }
});

test("a new pool and its volumes fit in one preview, by what the pool will have", async () => {
  const scene = new Scene();
  expect(await scene.check("pool", "ssd", { backend: "main", name: "ssd", capacity: "10GiB" })).toEqual([]);
  expect(await scene.check("volume", "a", volumeInputs("a", { size: "10GiB" }))).toEqual([]);
  expect(await scene.check("volume", "b", volumeInputs("b"))).toMatchObject([{ property: "size" }]);
  expect(await scene.check("snapshot", "s", { source: "main/ssd/a" })).toEqual([]);
});

test("a pool that is made larger in the same plan counts as it will be", async () => {
  const scene = await poolOf(10);
  const old = { backend: "main", name: "ssd", capacity: "10GiB" };
  expect(await scene.check("pool", "ssd", { ...old, capacity: "20GiB" }, old)).toEqual([]);
  expect(await scene.check("volume", "a", volumeInputs("a", { size: "15GiB" }))).toEqual([]);
});

test("a volume in a pool that nobody declares is refused, saying how to declare it", async () => {
  const failures = await new Scene().check("volume", "a", volumeInputs("a"));
  expect(failures).toMatchObject([{ property: "pool" }]);
  expect(reasons(failures)).toContain("pass the Pool itself");
});

test("a volume in a backend that is not configured is refused, naming those there are", async () => {
  const failures = await new Scene().check("volume", "a", volumeInputs("a", { pool: "mian/ssd" }));
  expect(failures).toEqual([{ property: "pool", reason: expect.stringContaining("backends are main") }]);
});

test("a pool in a backend that is not configured is refused at its backend", async () => {
  expect(await new Scene().check("pool", "ssd", { name: "ssd" })).toEqual([
    { property: "backend", reason: expect.stringContaining('no backend "local"') },
  ]);
});

test("a full-copy snapshot counts with the size of its source, a shared one not", async () => {
  for (const [copyOnWrite, expected] of [
    [false, 1],
    [true, 0],
  ] as const) {
    const disk = new FakeDisk();
    disk.copyOnWrite = copyOnWrite;
    const scene = new Scene({ disk });
    await scene.pool({ capacity: "10GiB" });
    await scene.volume("a", { size: "6GiB" });
    expect(await scene.nextRun().check("snapshot", "s", { source: "main/ssd/a", name: "s" })).toHaveLength(expected);
  }
});

test.each([{ volume: "main/ssd/made" }, { volume: "main/ssd/planned" }, { snapshot: "main/ssd/planned@s" }])(
  "a clone smaller than its source %j is refused, whether that exists or is planned",
  async (source) => {
    const scene = await sceneWithPool();
    await scene.volume("made", { size: "2GiB" });
    scene.nextRun();
    await scene.check("volume", "planned", volumeInputs("planned", { size: "2GiB" }));
    await scene.check("snapshot", "s", { source: "main/ssd/planned", name: "s" });
    expect(await scene.check("volume", "c", volumeInputs("c", { source }))).toEqual([
      { property: "size", reason: expect.stringContaining("1GiB is less than the 2GiB") },
    ]);
    expect(await scene.check("volume", "c", volumeInputs("c", { source, size: "2GiB" }))).toEqual([]);
  },
);

test.each([
  [{ volume: "main/ssd/none" }, "source.volume", "there is no main/ssd/none"],
  [{ snapshot: "main/ssd/none@a" }, "source.snapshot", "there is no main/ssd/none@a"],
  [{ volume: "main/hdd/a" }, "source.volume", "is in another pool"],
])("a clone of %j is refused", async (source, property, reason) => {
  const scene = await sceneWithPool();
  expect(await scene.check("volume", "c", volumeInputs("c", { source }))).toEqual([
    { property, reason: expect.stringContaining(reason) },
  ]);
});

test("a snapshot of nothing is refused", async () => {
  const scene = await sceneWithPool();
  expect(await scene.check("snapshot", "s", { source: "main/ssd/none" })).toEqual([
    { property: "source", reason: expect.stringContaining("there is no main/ssd/none") },
  ]);
});

test("a snapshot of what is being written is refused where it would be torn, naming who writes", async () => {
  const disk = new FakeDisk();
  disk.onlineSnapshot = "none";
  disk.holders = [{ name: "process 4711 (qemu)", writes: true }];
  const scene = new Scene({ disk });
  await scene.pool();
  await scene.volume("a");
  const check = () => scene.nextRun().check("snapshot", "s", { source: "main/ssd/a" });
  expect(await check()).toEqual([{ property: "source", reason: expect.stringContaining("process 4711 (qemu)") }]);
  disk.holders = [{ name: "process 1 (backup)", writes: false }];
  expect(await check()).toEqual([]);
});

test("a backend below its reserve gives nothing more", async () => {
  const scene = await sceneWithPool();
  scene.disk.freeBytes = 0.5 * gib;
  expect(await scene.check("volume", "a", volumeInputs("a"))).toEqual([
    { property: "size", reason: expect.stringContaining("kept in reserve") },
  ]);
});
