import { lifecycles } from "../../../provider/lifecycle";
import type { CreateResult, Properties } from "../../../provider/lifecycle/lifecycle";
import { ownerOf, policyInputs, type Scene, sceneWithPool, uidOf } from "../support/scene";

async function begin(): Promise<Scene> {
  const scene = await sceneWithPool();
  await scene.create("pool", "hdd", { backend: "main", name: "hdd" });
  await scene.volume("data");
  await scene.share("home");
  await scene.volume("cold", { pool: "main/hdd" });
  return scene.nextRun();
}
const next = (scene: Scene) => {
  scene.nextRun().storage.forgetLook({ backend: "main", pool: "hdd" });
  return scene;
};
const attached = (scene: Scene, name: string, pool = "ssd") => scene.disk.live(pool, name).record.policies ?? [];
const records = (scene: Scene, pool = "ssd") => [...scene.disk.pool(pool).policies.values()];
/** What the engine does next: check, and an update where that or diff says so. */
async function up(scene: Scene, made: CreateResult, old: Properties, wanted: Properties): Promise<CreateResult> {
  const { inputs, failures } = await next(scene).checked("snapshotPolicy", "nightly", wanted, old);
  expect(failures).toEqual([]);
  return { id: made.id, state: await scene.update("snapshotPolicy", "nightly", made, inputs) };
}

test("a policy stands in every pool of its targets, and on each target, in one generation", async () => {
  const scene = await begin();
  const made = await scene.policy("nightly", { targets: ["main/ssd/data", "main/ssd/home", "main/hdd/cold"] });
  expect(made.id).toBe("policy/nightly");
  const attachment = { uid: uidOf(made), generation: 1 };
  expect([attached(scene, "data"), attached(scene, "home"), attached(scene, "cold", "hdd")]).toEqual([
    [attachment],
    [attachment],
    [attachment],
  ]);
  expect([records(scene)[0]?.targets.length, records(scene, "hdd")[0]?.targets.length]).toEqual([2, 1]);
  expect(records(scene).map(({ uid }) => uid)).toEqual(records(scene, "hdd").map(({ uid }) => uid));
});

test("AC-5 adding and removing a target is in place; what leaves a pool leaves no record there", async () => {
  const scene = await begin();
  const old = policyInputs("nightly", { targets: ["main/ssd/data", "main/hdd/cold"] });
  const made = await scene.create("snapshotPolicy", "nightly", old);
  const wanted = policyInputs("nightly", { targets: ["main/ssd/data", "main/ssd/home"] });
  const changed = await up(scene, made, old, wanted);
  expect(uidOf(changed)).toBe(uidOf(made));
  expect([attached(scene, "data"), attached(scene, "home"), attached(scene, "cold", "hdd")]).toEqual([
    [{ uid: uidOf(made), generation: 2 }],
    [{ uid: uidOf(made), generation: 2 }],
    [],
  ]);
  expect(records(scene, "hdd")).toEqual([]);
});

test("a refresh of an untouched policy is a no-op", async () => {
  const scene = await begin();
  const inputs = policyInputs("nightly", { labels: { team: "db" } });
  const made = await scene.create("snapshotPolicy", "nightly", inputs);
  expect(await next(scene).read("snapshotPolicy", made.id, made.state)).toEqual({
    id: made.id,
    inputs,
    state: made.state,
  });
});

test("renaming keeps its uid, and with it its snapshots", async () => {
  const scene = await begin();
  const old = policyInputs("nightly");
  const made = await scene.create("snapshotPolicy", "nightly", old);
  const renamed = await up(scene, made, old, policyInputs("daily"));
  expect([uidOf(renamed), records(scene)[0]?.name]).toEqual([uidOf(made), "daily"]);
});

test("deleting detaches and removes no snapshot; deleting again succeeds", async () => {
  const scene = await begin();
  const made = await scene.policy("nightly");
  await scene.create("snapshot", "s", { source: "main/ssd/data", name: "s" });
  await next(scene).delete("snapshotPolicy", made);
  expect([attached(scene, "data"), records(scene)]).toEqual([[], []]);
  expect(scene.disk.live("ssd", "data@s").phase).toBe("live");
  await next(scene).delete("snapshotPolicy", made);
});

test("AC-16 a target that was undeleted is suspended, and told by refresh", async () => {
  const scene = await begin();
  const inputs = policyInputs("nightly", { targets: ["main/ssd/data", "main/ssd/home"] });
  const made = await scene.create("snapshotPolicy", "nightly", inputs);
  scene.disk.edit("ssd", "home", { policies: [] });
  const read = await next(scene).read("snapshotPolicy", made.id, made.state);
  expect(read?.inputs.targets).toEqual(["main/ssd/data"]);
});

test("AC-16 a target that was undeleted, adopted or made anew is attached again by the next up, without a refresh", async () => {
  const scene = await begin();
  const old = policyInputs("nightly", { targets: ["main/ssd/data", "main/ssd/home"] });
  const { inputs } = await scene.checked("snapshotPolicy", "nightly", old);
  const made = await scene.create("snapshotPolicy", "nightly", inputs);
  expect((await next(scene).checked("snapshotPolicy", "nightly", old, inputs)).inputs).toEqual(inputs);
  scene.disk.edit("ssd", "home", { policies: [], claim: "another" });
  const { inputs: again } = await next(scene).checked("snapshotPolicy", "nightly", old, inputs);
  const diff = lifecycles.snapshotPolicy.diff({
    owner: ownerOf("snapshotPolicy", "nightly"),
    oldState: made.state,
    newInputs: again,
  });
  expect(diff).toEqual({ changed: ["targets"], replaces: [], deleteBeforeReplace: false });
  await scene.update("snapshotPolicy", "nightly", made, again);
  expect(attached(scene, "home")).toEqual([{ uid: uidOf(made), generation: 1 }]);
});

test("killed between record and attachment, the next create finishes it: one policy", async () => {
  const scene = await begin();
  scene.disk.before = (method) => {
    if (method === "update") throw new Error("killed");
  };
  await expect(scene.policy("nightly")).rejects.toThrow("killed");
  scene.disk.before = () => undefined;
  expect(attached(scene, "data")).toEqual([]);
  expect(await next(scene).check("snapshotPolicy", "nightly", policyInputs("nightly"))).toEqual([]);
  const made = await scene.policy("nightly");
  expect(records(scene).map(({ uid }) => uid)).toEqual([uidOf(made)]);
  expect(attached(scene, "data")).toEqual([{ uid: uidOf(made), generation: made.state.generation }]);
});

test("the same policy name in two stacks is two policies, and both act", async () => {
  const scene = await begin();
  const first = await scene.policy("nightly");
  const other = await scene.create("snapshotPolicy", "other", policyInputs("nightly"));
  expect(uidOf(other)).not.toBe(uidOf(first));
  expect(attached(scene, "data").map(({ uid }) => uid)).toEqual([uidOf(first), uidOf(other)]);
  // AC-15: by its name alone it is ambiguous
  await expect(next(scene).read("snapshotPolicy", "policy/nightly", {})).rejects.toThrow(
    /several policies are named "nightly": .*name one as policy\/<uid>/,
  );
  const read = await scene.read("snapshotPolicy", `policy/${uidOf(other)}`, {});
  expect([read?.id, read?.state.uid]).toEqual(["policy/nightly", uidOf(other)]);
});

test("AC-14 a policy is adopted by its uid, with its targets and rules, and without it refused", async () => {
  const scene = await begin();
  const made = await scene.policy("nightly");
  const stranger = next(scene);
  scene.disk.pool("ssd").policies.get(uidOf(made)); // still there
  const record = records(scene)[0];
  if (record) scene.disk.pool("ssd").policies.set(record.uid, { ...record, stackId: "another" });
  const [failure] = await stranger.check("snapshotPolicy", "nightly", policyInputs("nightly"));
  expect(failure).toMatchObject({ property: "name", reason: expect.stringContaining(`adopt: "${uidOf(made)}"`) });
  const adopting = policyInputs("nightly", { adopt: uidOf(made) });
  expect(await next(scene).check("snapshotPolicy", "nightly", adopting)).toEqual([]);
  const adopted = await scene.create("snapshotPolicy", "nightly", adopting);
  expect(uidOf(adopted)).toBe(uidOf(made));
  expect(attached(scene, "data")).toEqual([{ uid: uidOf(made), generation: adopted.state.generation }]);
  // The state that held it before notices
  expect((await next(scene).read("snapshotPolicy", made.id, made.state))?.inputs.lost).toBe(
    `superseded:${uidOf(made)}`,
  );
});

test("a new policy's next three runs are told in its own zone", async () => {
  const scene = await begin();
  const inputs = policyInputs("nightly", { schedule: "30 2 * * *", timezone: "Europe/Vienna" });
  await scene.check("snapshotPolicy", "nightly", inputs);
  expect(scene.infos).toEqual([
    expect.stringMatching(
      /^policy nightly \(30 2 \* \* \*, Europe\/Vienna\) runs next at (\d{4}-\d\d-\d\d 02:30(, | )){3}\(while `krstorage agent` or `krstorage policy run` does\)$/,
    ),
  ]);
  scene.infos.length = 0;
  await scene.create("snapshotPolicy", "nightly", inputs);
  await next(scene).check("snapshotPolicy", "nightly", inputs, inputs);
  expect(scene.infos).toEqual([]);
});

test("a policy without targets is warned of each time, since it takes nothing", async () => {
  const scene = await begin();
  const inputs = policyInputs("nightly", { targets: [] });
  expect(await scene.check("snapshotPolicy", "nightly", inputs)).toEqual([]);
  await next(scene).check("snapshotPolicy", "nightly", inputs, inputs);
  const sentence = "policy nightly has no targets, so it takes nothing";
  expect(scene.warnings).toEqual([sentence, sentence]);
});

test.each<[Record<string, unknown>, Record<string, unknown>, string | undefined]>([
  [{ keepLast: 2 }, {}, "policy nightly: keepLast 2 is below keepAtLeast 3 (the default): 3 stay"],
  [{ keepLast: 2 }, { keepAtLeast: 5 }, "policy nightly: keepLast 2 is below keepAtLeast 5: 5 stay"],
  [
    { keepDaily: 1, keepWeekly: 1 },
    {},
    "policy nightly: keepDaily 1 + keepWeekly 1 is below keepAtLeast 3 (the default): 3 stay",
  ],
  [{ keepLast: 2 }, { keepAtLeast: 2 }, undefined],
  [{ keepLast: 3 }, {}, undefined],
  [{ keepDaily: -1 }, {}, undefined],
  [{ keepLast: 1, keepWithin: "7d" }, {}, undefined],
])("a retention %j with %j tells what stays where that is more", async (retention, more, sentence) => {
  const scene = await begin();
  const inputs = policyInputs("nightly", { retention, ...more });
  const said = () => scene.infos.filter((text) => text.includes("stay"));
  await scene.check("snapshotPolicy", "nightly", inputs);
  expect(said()).toEqual(sentence === undefined ? [] : [sentence]);
  scene.infos.length = 0;
  await next(scene).check("snapshotPolicy", "nightly", inputs, inputs);
  expect(said()).toEqual([]);
});

test("a lowered retention says how many snapshots it gives up, and approves that many", async () => {
  const scene = await begin();
  const old = policyInputs("nightly", { retention: { keepLast: 5 } });
  const made = await scene.create("snapshotPolicy", "nightly", old);
  for (let day = 1; day <= 6; day += 1) {
    const name = `s${day}`;
    await scene.create("snapshot", name, { source: "main/ssd/data", name });
    scene.disk.edit("ssd", `data@${name}`, {
      createdAt: `2031-01-0${day}T00:00:00.000Z`,
      taken: { policy: uidOf(made), slot: `2031010${day}t000000z` },
    });
  }
  const wanted = policyInputs("nightly", { retention: { keepLast: 2 } });
  scene.warnings.length = 0;
  await up(scene, made, old, wanted);
  expect(scene.warnings).toEqual([expect.stringContaining("as many as 3 snapshots of one target")]);
  expect(records(scene)[0]).toMatchObject({ approvedDeletes: 3, generation: 2 });
});

test("a share in a pool that cannot take its snapshot at one point in time is refused as a target", async () => {
  const scene = await sceneWithPool();
  const plain = scene.disk.pool("ssd");
  plain.record = { ...plain.record, capabilities: { ...plain.record.capabilities, shareSnapshot: "none" } };
  await scene.share("home");
  expect(
    await scene.nextRun().check("snapshotPolicy", "nightly", policyInputs("nightly", { targets: ["main/ssd/home"] })),
  ).toEqual([{ property: "targets[0]", reason: expect.stringContaining("pool main/ssd has no snapshots of shares") }]);
});

describe("a pool that bears so many snapshots of one object and no more", () => {
  const bearing = (scene: Scene, maxSnapshots: number) => {
    const pool = scene.disk.pool("ssd");
    pool.record = { ...pool.record, capabilities: { ...pool.record.capabilities, maxSnapshots } };
    return scene.nextRun();
  };
  const withRetention = (retention: object, extra: object = {}) =>
    policyInputs("nightly", { retention, targets: ["main/ssd/data"], ...extra });

  test("refuses a retention that comes to more, with the numbers and the path; at the limit it is taken", async () => {
    const scene = bearing(await begin(), 15);
    expect(await scene.check("snapshotPolicy", "nightly", withRetention({ keepDaily: 15 }))).toEqual([
      {
        property: "retention",
        reason:
          "it would come to 16 snapshots of main/ssd/data; pool main/ssd bears at most 15 of one object. Keep fewer, or use a pool that bears more",
      },
    ]);
    expect(await scene.check("snapshotPolicy", "nightly", withRetention({ keepDaily: 14 }))).toEqual([]);
    // What is switched off takes none
    expect(
      await scene.check("snapshotPolicy", "nightly", withRetention({ keepDaily: -1 }, { enabled: false })),
    ).toEqual([]);
    expect((await scene.check("snapshotPolicy", "nightly", withRetention({ keepLast: -1 })))[0]?.reason).toContain(
      "more than 150 snapshots",
    );
  });

  test("counts all policies that act on a target, those of the same plan too, and what was made by hand", async () => {
    const scene = await begin();
    await scene.policy("hourly", { retention: { keepLast: 9 }, targets: ["main/ssd/data"] });
    bearing(scene, 15);
    const [refused] = await scene.check("snapshotPolicy", "nightly", withRetention({ keepDaily: 6 }));
    expect(refused).toEqual({
      property: "targets[0]",
      reason: expect.stringContaining(
        "it would come to 7 snapshots of main/ssd/data, other policies to 10; pool main/ssd",
      ),
    });
    expect(await scene.check("snapshotPolicy", "nightly", withRetention({ keepDaily: 4 }))).toEqual([]);
    // Now two are planned, and the third is one too many
    const third = await scene.check("snapshotPolicy", "weekly", withRetention({ keepWeekly: 4 }, { name: "weekly" }));
    expect(third[0]?.reason).toContain("other policies to 15");
    bearing(scene, 6);
    expect(
      await scene.check("snapshotPolicy", "own", {
        ...withRetention({ keepDaily: 3 }),
        name: "own",
        targets: ["main/ssd/home"],
      }),
    ).toEqual([]);
  });

  test("refuses a class whose policy comes to more, on the volume and on the class", async () => {
    const scene = bearing(await begin(), 15);
    const gold = { pools: ["main/ssd"], schedule: "@daily", retention: { keepDaily: 20 } };
    expect(await scene.check("volume", "new", { name: "new", size: "1MiB", volumeClass: gold })).toEqual([
      {
        property: expect.any(String),
        reason: expect.stringContaining("21 snapshots, and pool main/ssd bears at most 15"),
      },
    ]);
    expect(await scene.check("volumeClass", "gold", { name: "gold", ...gold })).toEqual([
      {
        property: expect.any(String),
        reason: expect.stringContaining("21 snapshots, and pool main/ssd bears at most 15"),
      },
    ]);
  });
});
