import type { AgentDriver } from "../../../agent/run/backendPort";
import { recording } from "./support/recording";
import { World } from "./support/world";

const id = "main/ssd/db";

async function begin() {
  const calls: string[] = [];
  const world = new World({ wrap: (driver) => recording(driver, calls) });
  await world.pool("main/ssd");
  await world.volume(id);
  await world.policy("nightly", { schedule: "@hourly", retention: { keepLast: 2 }, targets: [id] });
  await world.library.createSnapshot(id, "mine");
  const [port] = world.ports();
  if (!port) throw new Error("the world has a backend");
  const using = <T>(action: (driver: AgentDriver, ...rest: Parameters<AgentDriver["listPools"]>) => Promise<T>) =>
    port.write(undefined, action);
  return { world, calls, using };
}

describe("what whoever runs policies is given of a backend", () => {
  it("has no way to end a pool, to change data, to bring back or to write a policy, by type and when it runs", async () => {
    const { using } = await begin();
    const methods = await using(async (driver) => Object.keys(driver));
    expect(methods.sort()).toEqual(["create", "fsck", "list", "listPools", "purge", "trash", "update", "updatePolicy"]);
    // @ts-expect-error no such method: this does not compile should there ever be one
    const removal: keyof AgentDriver = "removePool";
    expect(methods).not.toContain(removal);
  });

  it("makes, marks and removes snapshots of policies, and nothing else; the backend is not even asked", async () => {
    const { world, calls, using } = await begin();
    const { listing, pool } = await world.look();
    const ref = { name: pool };
    const others = listing.objects; // a volume, and a snapshot that a person made
    expect(others.map(({ record }) => record.kind).sort()).toEqual(["snapshot", "volume"]);
    calls.length = 0;
    for (const object of others) {
      const refused = { code: "PERMISSION_DENIED", message: expect.stringContaining("was not taken by a policy") };
      await expect(using((driver, call) => driver.trash(ref, object, 0, call))).rejects.toMatchObject(refused);
      await expect(
        using((driver, call) => driver.update(ref, object, { consistency: "app" }, call)),
      ).rejects.toMatchObject(refused);
    }
    const [{ record: volume } = { record: undefined }] = others.filter(({ record }) => record.kind === "volume");
    const forged = { ...volume, name: "other", taken: { policy: "p", slot: "s" } } as unknown;
    await expect(
      using((driver, call) => driver.create(ref, forged as Parameters<AgentDriver["create"]>[1], call)),
    ).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
    expect(calls).toEqual([]);
  });

  it("ends nothing in the trash before its time, whoever asks for it", async () => {
    const { world, using } = await begin();
    await world.library.delete(`${id}@mine`);
    const { listing } = await world.look();
    const [trashed] = listing.objects.filter(({ phase }) => phase === "trashed");
    const { uid } = trashed?.record ?? { uid: "" };
    const early = { uid, allowDataLoss: uid };
    await expect(using((driver, call) => driver.purge({ name: "ssd" }, early, call))).rejects.toMatchObject({
      code: "PRECONDITION_FAILED",
    });
    world.clock.advance(25 * 3_600_000);
    expect(await using((driver, call) => driver.purge({ name: "ssd" }, early, call))).toBe(true);
  });
});
