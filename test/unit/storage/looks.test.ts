import type { Listing } from "../../../provider/drivers/driver";
import { Looks } from "../../../provider/storage/looks";
import { listing, storedObject } from "../support/records";

let uptime = 0;
let lists = 0;
let looks: Looks;

beforeEach(() => {
  uptime = 1000;
  lists = 0;
  looks = new Looks(() => uptime);
});

async function list(): Promise<Listing> {
  lists += 1;
  return listing([storedObject({ revision: lists })]);
}
async function revisionSeen(maxAgeMs: number): Promise<number | undefined> {
  return (await looks.get("main/ssd", maxAgeMs, list)).byName("data")?.record.revision;
}

test("a thousand reads at once are one list", async () => {
  await Promise.all(Array.from({ length: 1000 }, () => looks.get("main/ssd", 30_000, list)));
  expect(lists).toBe(1);
});

test("a look serves until it is too old", async () => {
  await revisionSeen(30_000);
  uptime += 30_000;
  expect(await revisionSeen(30_000)).toBe(1);
  uptime += 1;
  expect(await revisionSeen(30_000)).toBe(2);
});

test("who asks for a fresh look never gets one that was begun before", async () => {
  expect(await revisionSeen(30_000)).toBe(1);
  expect(await revisionSeen(0)).toBe(2);
});

test("pools do not share a look", async () => {
  await looks.get("main/ssd", 30_000, list);
  await looks.get("main/hdd", 30_000, list);
  expect(lists).toBe(2);
});

test("a failed list is told to everyone who waited, and not kept", async () => {
  const failing = async () => Promise.reject(new Error("down"));
  const both = await Promise.allSettled([looks.get("main/ssd", 30_000, failing), looks.get("main/ssd", 30_000, list)]);
  expect(both.map((result) => result.status)).toEqual(["rejected", "rejected"]);
  expect(await revisionSeen(30_000)).toBe(1);
});

test("a list that fails late does not throw away a newer one", async () => {
  let fail: (error: Error) => void = () => undefined;
  const slow = looks.get("main/ssd", 30_000, () => new Promise<Listing>((_resolve, reject) => (fail = reject)));
  looks.forget("main/ssd");
  await revisionSeen(30_000);
  fail(new Error("down"));
  await expect(slow).rejects.toThrow("down");
  expect(await revisionSeen(30_000)).toBe(1);
});

test("own writes are put in, also while the list is under way", async () => {
  const view = looks.get("main/ssd", 30_000, list);
  await looks.note("main/ssd", (current) => current.put(storedObject({ uid: "d".repeat(32), name: "own" })));
  expect((await view).byName("own")?.record.uid).toBe("d".repeat(32));
});

test("a write does not wait for a list that hangs", async () => {
  void looks.get("main/ssd", 30_000, () => new Promise<Listing>(() => undefined));
  await expect(looks.note("main/ssd", () => undefined)).resolves.toBeUndefined();
});

test("a write where nobody has looked, or where the look failed, is no error", async () => {
  const change = jest.fn();
  await looks.note("main/ssd", change);
  const failing = looks.get("main/ssd", 30_000, async () => Promise.reject(new Error("down")));
  await looks.note("main/ssd", change);
  await expect(failing).rejects.toThrow("down");
  expect(change).not.toHaveBeenCalled();
});

test("after forgetting, the next look is a new one", async () => {
  await revisionSeen(30_000);
  looks.forget("main/ssd");
  expect(await revisionSeen(30_000)).toBe(2);
});
