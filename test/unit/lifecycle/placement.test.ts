import type { Properties } from "../../../provider/lifecycle/lifecycle";
import { unknownValue } from "../../../provider/lifecycle/unknown";
import { type Scene, sceneWithPool, uidOf } from "../support/scene";

const gib = 2 ** 30;

async function twoPools(): Promise<Scene> {
  const scene = await sceneWithPool();
  await scene.create("pool", "hdd", { backend: "main", name: "hdd" });
  return scene.nextRun();
}
function ofClass(more: Properties = {}, inputs: Properties = {}): Properties {
  return {
    size: "1GiB",
    name: "x",
    volumeClass: { name: "gold", pools: ["main/ssd", "main/hdd"], ...more },
    ...inputs,
  };
}

test("the first pool that fits is chosen, and the choice stands in the checked inputs", async () => {
  const scene = await twoPools();
  const { inputs, failures } = await scene.checked("volume", "x", ofClass());
  expect([failures, inputs.pool]).toEqual([[], "main/ssd"]);
});

test("a pool without room is passed over, with the reason", async () => {
  const scene = await twoPools();
  await scene.volume("big", { size: "90GiB" });
  const { inputs } = await scene.nextRun().checked("volume", "x", ofClass({}, { size: "20GiB" }));
  expect(inputs.pool).toBe("main/hdd");
  expect(scene.infos).toContainEqual(
    expect.stringMatching(/goes to main\/hdd \(not main\/ssd: 20GiB more does not fit/),
  );
});

test("mostFree chooses by what the pools can still promise, this plan's own objects counted", async () => {
  const scene = await twoPools();
  await scene.volume("some", { size: "10GiB" });
  scene.nextRun();
  const wanted = (name: string) => ofClass({ placement: "mostFree" }, { name, size: "30GiB" });
  const chosen: unknown[] = [];
  for (const name of ["a", "b", "c"]) chosen.push((await scene.checked("volume", name, wanted(name))).inputs.pool);
  expect(chosen).toEqual(["main/hdd", "main/ssd", "main/hdd"]);
});

test("where no pool can take it, every pool's reason is told", async () => {
  const scene = await twoPools();
  const [failure] = await scene.check("volume", "x", ofClass({}, { size: "1TiB" }));
  expect(failure).toMatchObject({ property: "volumeClass" });
  expect(failure?.reason).toMatch(/no pool of class gold can take it: main\/ssd: 1TiB more.*; main\/hdd: 1TiB more/);
});

test("a pool that cannot do what the class says is passed over", async () => {
  const scene = await sceneWithPool();
  scene.disk.capabilities = { accessModes: ["ReadWriteOnce", "ReadWriteMany"] };
  await scene.create("pool", "hdd", { backend: "main", name: "hdd" });
  const { inputs, failures } = await scene
    .nextRun()
    .checked("volume", "x", ofClass({ accessModes: ["ReadWriteMany"] }));
  expect([failures, inputs.pool]).toEqual([[], "main/hdd"]);
});

test("a clone is placed with its source", async () => {
  const scene = await twoPools();
  await scene.volume("origin", { pool: "main/hdd" });
  const { inputs } = await scene
    .nextRun()
    .checked("volume", "x", ofClass({}, { source: { volume: "main/hdd/origin" } }));
  expect(inputs.pool).toBe("main/hdd");
});

test("what an interrupted run has made is found where it is, whatever has room now", async () => {
  const scene = await twoPools();
  await scene.create("volume", "x", { ...ofClass(), pool: "main/hdd" });
  const { inputs, failures } = await scene.nextRun().checked("volume", "x", ofClass());
  expect([failures, inputs.pool]).toEqual([[], "main/hdd"]);
  expect(scene.disk.pool("ssd").objects.size).toBe(0);
});

test("editing the class moves nothing: not its pools, not their order, not their room", async () => {
  const scene = await twoPools();
  const { inputs: old } = await scene.checked("volume", "x", ofClass());
  const made = await scene.create("volume", "x", old);
  const edited = ofClass({ pools: ["main/hdd"] });
  const { inputs, failures } = await scene.nextRun().checked("volume", "x", edited, old);
  expect([failures, inputs.pool]).toEqual([[], "main/ssd"]);
  expect((await scene.update("volume", "x", made, inputs)).uid).toBe(uidOf(made));
});

test("a class that is not known yet leaves the place open", async () => {
  const scene = await twoPools();
  const { inputs, failures } = await scene.checked("volume", "x", {
    size: "1GiB",
    name: "x",
    volumeClass: unknownValue,
  });
  expect([failures, inputs.pool]).toEqual([[], undefined]);
});

test("pools that this plan is going to make are chosen from as well", async () => {
  const scene = await sceneWithPool();
  for (const name of ["new1", "new2"]) await scene.check("pool", name, { backend: "main", name });
  const { inputs, failures } = await scene.checked("volume", "x", ofClass({ pools: ["main/new1", "main/new2"] }));
  expect([failures, inputs.pool]).toEqual([[], "main/new1"]);
});

test("an edit of the class flows to its volume in place: limits, labels, reclaim policy, snapshot policy", async () => {
  const scene = await twoPools();
  const before = { ...ofClass({ labels: { team: "db", tier: "1" }, qos: { iops: 100 } }), pool: "main/ssd" };
  const own: Properties = { ...before, labels: { tier: "2" } };
  const made = await scene.create("volume", "x", own);
  expect(scene.disk.live("ssd", "x").record).toMatchObject({
    labels: { team: "db", tier: "2" },
    settings: { className: "gold", qos: { iops: 100 } },
  });
  const after = {
    ...own,
    volumeClass: {
      ...(own.volumeClass as object),
      labels: { team: "sre" },
      qos: { iops: 200 },
      reclaimPolicy: "Retain",
      schedule: "@daily",
      retention: { keepDaily: 7 },
    },
  };
  await scene.update("volume", "x", made, after);
  const { record } = scene.disk.live("ssd", "x");
  expect(record).toMatchObject({
    uid: uidOf(made),
    labels: { team: "sre", tier: "2" },
    settings: {
      qos: { iops: 200 },
      reclaimPolicy: "Retain",
      policy: { name: "gold", schedule: "@daily", retention: { keepDaily: 7 } },
    },
    policies: [{ uid: uidOf(made), generation: 1 }],
  });
  const read = await scene.read("volume", "main/ssd/x", { ...made.state, ...after });
  expect(read?.inputs).toMatchObject({ labels: { tier: "2" }, volumeClass: after.volumeClass });
});

test("a class edit that touches many volumes costs one list", async () => {
  const scene = await twoPools();
  const names = Array.from({ length: 30 }, (_, index) => `v${index}`);
  const inputs = (name: string, iops: number) => ({ ...ofClass({ qos: { iops } }, { name }), pool: "main/ssd" });
  const made = await Promise.all(names.map((name) => scene.create("volume", name, inputs(name, 100))));
  scene.nextRun().disk.calls.list = 0;
  const edited = names.map(async (name, index) => {
    expect(await scene.check("volume", name, inputs(name, 200), inputs(name, 100))).toEqual([]);
    await scene.update("volume", name, made[index] as (typeof made)[0], inputs(name, 200));
  });
  await Promise.all(edited);
  expect(scene.disk.calls.list).toBe(1);
  expect(scene.disk.live("ssd", "v29").record.settings?.qos).toEqual({ iops: 200 });
});

test("a volume's own limits take the place of its class's", async () => {
  const scene = await twoPools();
  await scene.create("volume", "x", {
    ...ofClass({ qos: { iops: 100, throughput: "10MiB/s" } }, { qos: { iops: 500 } }),
    pool: "main/ssd",
  });
  expect(scene.disk.live("ssd", "x").record.settings?.qos).toEqual({ iops: 500 });
});

test("a class that does not allow expansion refuses it, with the reason", async () => {
  const scene = await twoPools();
  const old = { ...ofClass({ allowExpansion: false }), pool: "main/ssd" };
  await scene.create("volume", "x", old);
  expect(await scene.nextRun().check("volume", "x", { ...old, size: "2GiB" }, old)).toEqual([
    { property: "size", reason: "main/ssd/x may not grow: its class gold says allowExpansion: false" },
  ]);
});

describe("reclaimPolicy: Retain", () => {
  const retained = { ...ofClass({ reclaimPolicy: "Retain" }), pool: "main/ssd" };

  test("AC-12 deleting lets the volume go: there, owned by nobody, no policy acts on it, adoptable by uid alone", async () => {
    const scene = await twoPools();
    const made = await scene.create("volume", "x", { ...retained, deletionProtection: true });
    await scene.delete("volume", made);
    const { record } = scene.disk.live("ssd", "x");
    expect(record).toMatchObject({ uid: uidOf(made), owner: "released/proj/dev/Volume/x", policies: [] });
    expect(scene.infos).toContainEqual(expect.stringContaining(`adopt: "${uidOf(made)}"`));
    const [failure] = await scene.nextRun().check("volume", "x", ofClass());
    expect(failure?.reason).toMatch(
      /proj\/dev\/Volume\/x let it go \(reclaimPolicy: Retain\), so it belongs to nobody/,
    );
    const adopting = { ...ofClass(), adopt: uidOf(made) };
    const { inputs, failures } = await scene.nextRun().checked("volume", "x", adopting);
    expect([failures, inputs.pool]).toEqual([[], "main/ssd"]);
    expect(uidOf(await scene.create("volume", "x", inputs))).toBe(uidOf(made));
  });

  test("deleting it twice, or when another state holds it, changes nothing more", async () => {
    const scene = await twoPools();
    const made = await scene.create("volume", "x", retained);
    await scene.delete("volume", made);
    const { record } = scene.disk.live("ssd", "x");
    await scene.nextRun().delete("volume", made);
    expect(scene.disk.live("ssd", "x").record).toEqual(record);
  });

  test("replacing it under its name is refused at preview", async () => {
    const scene = await twoPools();
    await scene.volume("origin");
    const made = await scene.create("volume", "x", retained);
    const changed = { ...retained, source: { volume: "main/ssd/origin" }, allowDataLoss: uidOf(made) };
    const [failure] = await scene.nextRun().check("volume", "x", changed, retained);
    expect(failure).toMatchObject({
      property: "source",
      reason: expect.stringContaining("give the new one another name"),
    });
  });
});

test("the size of a share counts against its pool", async () => {
  const scene = await twoPools();
  await scene.share("home", { size: "90GiB" });
  expect(scene.disk.facts(scene.disk.pool("ssd")).provisionedBytes).toBe(90 * gib);
  const [failure] = await scene.nextRun().check("share", "more", { size: "20GiB", pool: "main/ssd", name: "more" });
  expect(failure?.reason).toMatch(/20GiB more does not fit/);
});
