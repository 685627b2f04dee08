import { KrStorageError } from "../../../provider/model/errors";
import { Scene } from "../support/scene";

const ssd = { backend: "main", name: "ssd" };
const made = { ...ssd, ceph: { replicas: 2, deviceClass: "ssd" } };

test("a block that goes against itself is refused at the block", async () => {
  const [failure] = await new Scene({ driverType: "ceph" }).check("pool", "ssd", {
    ...ssd,
    ceph: { existing: true, replicas: 2 },
  });
  expect([failure?.property, failure?.reason]).toEqual(["ceph", expect.stringContaining("taken as it is")]);
});

test("how a pool was made cannot be edited, and the refusal stands at the setting; the quota can", async () => {
  const scene = new Scene({ driverType: "ceph" });
  await scene.pool({ ceph: made.ceph });
  for (const [ceph, property] of [
    [{ replicas: 3, deviceClass: "ssd" }, "ceph.replicas"],
    [undefined, "ceph.replicas"],
    [{ ...made.ceph, existing: true }, "ceph"],
    [{ ...made.ceph, failureDomain: "rack" }, "ceph.failureDomain"],
  ] as const)
    expect((await scene.check("pool", "ssd", { ...ssd, ceph }, made))[0]?.property).toBe(property);
  expect(await scene.check("pool", "ssd", { ...made, ceph: { ...made.ceph, quota: true } }, made)).toEqual([]);
});

test("backends of other types do not heed it, and the same program runs on them", async () => {
  const scene = new Scene();
  expect(await scene.check("pool", "ssd", made)).toEqual([]);
  const { state } = await scene.pool({ ceph: made.ceph });
  expect(state.ceph).toEqual(made.ceph);
  expect(await scene.check("pool", "ssd", { ...ssd, ceph: { replicas: 3 } }, made)).toEqual([]);
});

test("what a look refuses of a new pool stands at the setting that it names", async () => {
  const scene = new Scene({ driverType: "ceph" });
  scene.disk.before = (call) => {
    if (call !== "prospect") return;
    const issues = [{ path: "ceph.deviceClass", message: "no such class" }];
    throw new KrStorageError("INVALID_ARGUMENT", "the cluster has no OSDs of class nvme", { issues });
  };
  expect(await scene.check("pool", "ssd", { ...ssd, ceph: { deviceClass: "nvme" } })).toEqual([
    { property: "ceph.deviceClass", reason: "the cluster has no OSDs of class nvme" },
  ]);
});
