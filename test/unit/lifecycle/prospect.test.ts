import type { Prospect } from "../../../provider/drivers/driver";
import { lifecycles } from "../../../provider/lifecycle";
import type { CheckFailure, Properties } from "../../../provider/lifecycle/lifecycle";
import { KrStorageError } from "../../../provider/model/errors";
import type { KindName } from "../../../provider/model/kinds";
import type { PoolCapabilities } from "../../../provider/model/pool";
import { ownerOf, policyInputs, Scene, sceneWithPool, volumeInputs } from "../support/scene";

/** What the local driver tells of a new pool on ext4. */
const poor: PoolCapabilities = {
  copyOnWrite: false,
  onlineSnapshot: "none",
  trash: true,
  accessModes: ["ReadWriteOnce"],
  images: false,
  shareProtocols: ["directory"],
  shareSnapshot: "none",
};
const ssd = { backend: "main", name: "ssd" };
const home = { size: "1GiB", pool: "main/ssd", name: "home" };

/** A scene in whose plan is a pool that is still to be made. */
async function planned(prospect: Partial<Prospect>): Promise<Scene> {
  const scene = new Scene();
  scene.disk.prospect = prospect;
  expect(await scene.check("pool", "ssd", ssd)).toEqual([]);
  return scene;
}
async function declare(scene: Scene, kind: KindName, name: string, inputs: Properties): Promise<CheckFailure[]> {
  return scene.check(kind, name, inputs);
}

describe("what a planned pool is certain not to be able to do is refused in the first preview", () => {
  test("a policy over its share, saying what the pool is on", async () => {
    const scene = await planned({ capabilities: poor, medium: "ext4" });
    expect(await scene.check("volume", "data", volumeInputs("data"))).toEqual([]);
    expect(await scene.check("share", "home", home)).toEqual([]);
    const policy = policyInputs("nightly", { targets: ["main/ssd/data", "main/ssd/home"] });
    expect(await scene.check("snapshotPolicy", "nightly", policy)).toEqual([
      {
        property: "targets[1]",
        reason:
          "main/ssd/home is a share, and its pool is on ext4, where shares have no snapshots: take it out of targets, or use a pool that has them",
      },
    ]);
    expect(await scene.check("snapshotPolicy", "nightly", policyInputs("nightly"))).toEqual([]);
  });

  test.each<[string, KindName, Properties, string, string]>([
    [
      "a protocol",
      "share",
      { ...home, name: "b", protocol: "nfs" },
      "protocol",
      'does not serve "nfs"; it serves directory',
    ],
    [
      "a copy of a share",
      "share",
      { ...home, name: "b", source: { share: "main/ssd/home" } },
      "source",
      "shares have no snapshots",
    ],
    ["a snapshot of a share", "snapshot", { source: "main/ssd/home", name: "s" }, "source", "main/ssd/home is a share"],
    [
      "access modes",
      "volume",
      volumeInputs("b", { accessModes: ["ReadWriteMany"] }),
      "accessModes",
      "cannot be ReadWriteMany",
    ],
    [
      "a file",
      "volume",
      volumeInputs("b", { source: { image: { path: "/a.raw", format: "raw" } } }),
      "source.image",
      "from files",
    ],
    [
      "a class",
      "volumeClass",
      { name: "c", pools: ["main/ssd"], accessModes: ["ReadWriteMany"] },
      "accessModes",
      "no pool of the class",
    ],
  ])("%s", async (_what, kind, inputs, property, reason) => {
    const scene = await planned({ capabilities: poor, medium: "ext4" });
    await declare(scene, "share", "home", home);
    expect(await declare(scene, kind, "b", inputs)).toEqual([{ property, reason: expect.stringContaining(reason) }]);
  });

  test("the limit on snapshots", async () => {
    const scene = await planned({ capabilities: { ...poor, maxSnapshots: 5 } });
    await declare(scene, "volume", "data", volumeInputs("data"));
    expect(await declare(scene, "snapshotPolicy", "nightly", policyInputs("nightly"))).toEqual([
      { property: "retention", reason: expect.stringContaining("bears at most 5") },
    ]);
  });

  test("room for snapshots that are full copies", async () => {
    const scene = await planned({ capabilities: poor });
    await declare(scene, "volume", "data", volumeInputs("data", { size: "60GiB" }));
    expect(await declare(scene, "snapshot", "s", { source: "main/ssd/data", name: "s" })).toEqual([
      { property: "source", reason: expect.stringContaining("60GiB of it here") },
    ]);
  });

  test("a class goes to the one of two planned pools that can", async () => {
    const scene = await planned({ capabilities: poor });
    scene.disk.prospect = { capabilities: { ...poor, accessModes: ["ReadWriteMany"] } };
    expect(await scene.check("pool", "hdd", { ...ssd, name: "hdd" })).toEqual([]);
    const volumeClass = { pools: ["main/ssd", "main/hdd"], accessModes: ["ReadWriteMany"] };
    const { inputs, failures } = await scene.checked("volume", "v", { size: "1GiB", name: "v", volumeClass });
    expect([inputs.pool, failures]).toEqual(["main/hdd", []]);
  });
});

test.each<[string, Partial<Prospect>]>([
  ["nothing is told", {}],
  ["what matters is not certain", { capabilities: { trash: true }, medium: "xfs" }],
])("where %s of a planned pool, nothing is refused", async (_what, prospect) => {
  const scene = await planned(prospect);
  expect(await declare(scene, "share", "home", { ...home, protocol: "nfs" })).toEqual([]);
  expect(await declare(scene, "share", "b", { ...home, name: "b", source: { share: "main/ssd/home" } })).toEqual([]);
  expect(await declare(scene, "volume", "v", volumeInputs("v", { accessModes: ["ReadWriteMany"] }))).toEqual([]);
  const policy = policyInputs("nightly", { targets: ["main/ssd/home"] });
  expect(await declare(scene, "snapshotPolicy", "nightly", policy)).toEqual([]);
});

test("a planned share in a pool that is there is known to be one", async () => {
  const scene = await sceneWithPool();
  const plain = scene.disk.pool("ssd");
  plain.record = { ...plain.record, capabilities: { ...plain.record.capabilities, shareSnapshot: "none" } };
  scene.disk.medium = "ext4";
  await scene.nextRun().check("share", "home", home);
  for (const [kind, inputs] of [
    ["snapshotPolicy", policyInputs("nightly", { targets: ["main/ssd/home"] })],
    ["snapshot", { source: "main/ssd/home", name: "s" }],
  ] as const)
    expect(await scene.check(kind, "s", inputs)).toEqual([
      {
        property: expect.any(String),
        reason: expect.stringContaining("its pool is on ext4, where shares have no snapshots"),
      },
    ]);
});

describe("a source of another kind is refused, whether it is there or planned", () => {
  test.each([true, false])("there: %s", async (isThere) => {
    const scene = await sceneWithPool();
    if (isThere) {
      await scene.volume("data");
      await scene.share("home");
      await scene.create("snapshot", "s", { source: "main/ssd/home", name: "s" });
      scene.nextRun();
    } else {
      await scene.check("volume", "data", volumeInputs("data"));
      await scene.check("share", "home", home);
      await scene.check("snapshot", "s", { source: "main/ssd/home", name: "s" });
    }
    for (const [kind, source, property, reason] of [
      ["volume", { snapshot: "main/ssd/data" }, "source.snapshot", '"main/ssd/data" is not a snapshot id'],
      ["volume", { volume: "main/ssd/home" }, "source.volume", "main/ssd/home is a share"],
      ["volume", { snapshot: "main/ssd/home@s" }, "source.snapshot", "main/ssd/home@s is a snapshot of a share"],
      ["share", { share: "main/ssd/data" }, "source.share", "main/ssd/data is a volume"],
    ] as const)
      expect(await scene.check(kind, "c", { size: "1GiB", pool: "main/ssd", name: `c-of-${kind}`, source })).toEqual([
        { property, reason: expect.stringContaining(reason) },
      ]);
    expect(
      await scene.check("share", "c", { ...home, name: "c-of-share", source: { snapshot: "main/ssd/home@s" } }),
    ).toEqual([]);
  });
});

describe("a new pool", () => {
  test("what its backend says is easily not meant is told once", async () => {
    const scene = new Scene();
    scene.disk.prospect = { notes: ["/srv/storge does not exist and will be made, on / (ext4)"] };
    await scene.check("pool", "ssd", ssd);
    await scene.check("pool", "hdd", { ...ssd, name: "hdd" });
    expect(scene.infos).toEqual(["backend main: /srv/storge does not exist and will be made, on / (ext4)"]);
  });

  test("what its backend refuses to make is refused; where it cannot be asked, that is told", async () => {
    const scene = new Scene();
    const failing = (error: KrStorageError) => {
      scene.disk.before = (method) => {
        if (method === "prospect") throw error;
      };
    };
    failing(new KrStorageError("PRECONDITION_FAILED", "/srv does not exist"));
    expect(await scene.check("pool", "ssd", ssd)).toEqual([{ property: "backend", reason: "/srv does not exist" }]);
    failing(new KrStorageError("UNAVAILABLE", "the disk does not answer"));
    expect(await scene.nextRun().check("pool", "ssd", ssd)).toEqual([]);
    expect(scene.warnings).toEqual([expect.stringContaining("does not answer")]);
  });

  test("a preview promises what it can do where that is certain, and only then", async () => {
    const expected = (scene: Scene) =>
      lifecycles.pool.expected?.({ owner: ownerOf("pool", "ssd"), newInputs: ssd }, scene.context).state.capabilities;
    expect(expected(await planned({ capabilities: poor }))).toEqual(poor);
    expect(typeof expected(await planned({ capabilities: { trash: true } }))).toBe("symbol");
    expect(typeof expected(await planned({}))).toBe("symbol");
  });
});

test("a place that is only declared now, in a pool that is not there yet, is not taken for a disk to mount", async () => {
  const scene = await sceneWithPool();
  await scene.volume("data");
  const old = volumeInputs("data");
  const [moved] = await scene.nextRun().check("volume", "data", { ...old, pool: "main/hdd" }, old);
  expect(moved).toMatchObject({ property: "pool", reason: expect.stringContaining("cannot change from") });
  const policy = policyInputs("nightly");
  const wider = { ...policy, targets: ["main/ssd/data", "main/hdd/cold"] };
  expect(await scene.nextRun().check("snapshotPolicy", "nightly", wider, policy)).toEqual([]);
});

test("a pool that the state knows and that is not there is refused, with the ways out, and so is what is in it", async () => {
  const scene = await sceneWithPool();
  await scene.volume("data");
  scene.disk.pools.clear();
  expect(await scene.nextRun().check("pool", "ssd", ssd, ssd)).toEqual([
    { property: "", reason: expect.stringMatching(/its marker is missing.*Mount its disk.*pulumi state delete/) },
  ]);
  const inputs: [KindName, Properties][] = [
    ["volume", volumeInputs("data")],
    ["snapshotPolicy", policyInputs("nightly")],
  ];
  for (const [kind, old] of inputs)
    expect(await scene.nextRun().check(kind, "data", old, old)).toEqual([
      { property: expect.any(String), reason: expect.stringContaining("pool main/ssd is not there") },
    ]);
});
