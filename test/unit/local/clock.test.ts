import type { Clock } from "../../../provider/drivers/driver";
import { PoolClock } from "../../../provider/drivers/local/poolClock";
import { call, newPool, refusal, Scene } from "./support/scene";

const hour = 3_600_000;
const day = 24 * hour;

function clockAt(state: { now: number; uptime: number; bootId: string }): Clock {
  return { now: () => state.now, uptime: () => state.uptime, bootId: () => state.bootId };
}

describe("the pool's clock", () => {
  const start = { now: 1_000 * day, uptime: hour, bootId: "a" };

  test("goes with the machine's uptime while the wall clock jumps", () => {
    const state = { ...start };
    const clock = new PoolClock(clockAt(state));
    const anchor = clock.first();
    state.uptime += hour;
    state.now += hour + 2 * day;
    expect(clock.forExpiry(anchor)).toBe(start.now + hour);
    state.now = start.now - 2 * day;
    expect(clock.now(anchor)).toBe(start.now + hour);
  });

  test("does not go back over a boot, and a wall clock that was ahead is forgotten with it", () => {
    const state = { ...start };
    const clock = new PoolClock(clockAt(state));
    let anchor = clock.first();
    state.uptime += hour;
    state.now += hour + 2 * day; // ahead for a while
    anchor = clock.renewed(anchor) ?? anchor;
    expect(anchor.seen).toBe(start.now + hour);
    Object.assign(state, { bootId: "b", uptime: 5, now: 1000 }); // the battery of the clock is empty
    anchor = clock.renewed(anchor) ?? anchor;
    expect(clock.now(anchor)).toBe(start.now + hour);
    expect(clock.forExpiry(anchor)).toBe(1000);
    state.now = start.now + 3 * day; // set right by the network
    expect(clock.now(anchor)).toBe(start.now + 3 * day);
  });

  test("is written only now and then", () => {
    const state = { ...start };
    const clock = new PoolClock(clockAt(state));
    const anchor = clock.first();
    expect(clock.renewed(anchor)).toBeUndefined();
    state.uptime += hour;
    expect(clock.renewed(anchor)).toMatchObject({ wall: start.now, seen: start.now + hour });
  });
});

describe("a pool", () => {
  let scene: Scene;
  beforeEach(async () => {
    scene = await Scene.start();
  });
  afterEach(() => scene.end());

  test("purges nothing because the wall clock is two days ahead", async () => {
    const trashed = await scene.trash(await scene.volume("data"), hour);
    scene.clock.jump(2 * day);
    await refusal(scene.driver.purge(scene.ref, { uid: trashed.record.uid }, call), "PRECONDITION_FAILED");
    await refusal(scene.open().purge(scene.ref, { uid: trashed.record.uid }, call), "PRECONDITION_FAILED");
  });

  test("stamps no expiry in the past because the wall clock is two days behind", async () => {
    const volume = await scene.volume("data");
    scene.clock.jump(-2 * day);
    const trashed = await scene.trash(volume, hour);
    scene.clock.jump(2 * day);
    expect(Date.parse(trashed.record.expiresAt ?? "")).toBe(scene.clock.now() + hour);
    await refusal(scene.driver.purge(scene.ref, { uid: trashed.record.uid }, call), "PRECONDITION_FAILED");
    await scene.clock.advance(hour);
    expect(await scene.driver.purge(scene.ref, { uid: trashed.record.uid }, call)).toBe(true);
  });

  test("makes nothing older than what was made before, and lists at no time before its objects", async () => {
    const first = await scene.volume("a");
    scene.clock.jump(-2 * day);
    const second = await scene.volume("b");
    expect(second.record.createdAt >= first.record.createdAt).toBe(true);
    expect((await scene.list()).at).toBeGreaterThanOrEqual(Date.parse(second.record.createdAt));
  });

  test("an expiry beyond all calendars is as far away as can be written", async () => {
    const trashed = await scene.trash(await scene.volume("data"), Number.MAX_VALUE);
    expect(Number.isNaN(Date.parse(trashed.record.expiresAt ?? ""))).toBe(false);
    await scene.clock.advance(1000 * day);
    await refusal(scene.driver.purge(scene.ref, { uid: trashed.record.uid }, call), "PRECONDITION_FAILED");
  });

  test("made while the clock was wrong keeps working", async () => {
    scene.clock.jump(-2 * day);
    const pool = await scene.driver.createPool(newPool("early"), call);
    scene.clock.jump(2 * day);
    expect((await scene.driver.readPool({ name: "early" }, call))?.record).toEqual(pool.record);
  });
});
