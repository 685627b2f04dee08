import { changePool, readPool } from "../../../provider/storage/pools";
import { Scene, sceneWithPool } from "../support/scene";
import { thrown } from "../support/thrown";

const ssd = { backend: "main", pool: "ssd" };

test("a pool with another identity than the pinned one is refused, with what to set", async () => {
  const { storage } = await sceneWithPool();
  const error = await thrown(() => readPool(storage, ssd, "the-one-we-knew"));
  expect(error.code).toBe("PRECONDITION_FAILED");
  expect(error.message).toContain('acceptIdentity: "identity-of-ssd"');
});

test("an absent pool that was pinned is unavailable, never missing", async () => {
  const { storage } = new Scene();
  expect((await thrown(() => readPool(storage, ssd, "the-one-we-knew"))).code).toBe("UNAVAILABLE");
  await expect(readPool(storage, ssd)).resolves.toBeUndefined();
});

test("an accepted identity serves reads and changes alike", async () => {
  const { storage, disk } = await sceneWithPool({ backend: { acceptIdentity: "identity-of-ssd" } });
  const { uid, claim } = disk.pool("ssd").record;
  const changed = await changePool(storage, ssd, { uid, claim, identity: "the-one-we-knew" }, { labels: { a: "b" } });
  expect(changed.record.labels).toEqual({ a: "b" });
});

test("views of a pool with another identity are refused", async () => {
  const { storage } = await sceneWithPool();
  expect((await thrown(() => storage.view(ssd, { maxAgeMs: 0, identity: "x" }))).code).toBe("PRECONDITION_FAILED");
});

test("an unknown backend is refused, naming those there are", async () => {
  const { storage } = new Scene();
  expect((await thrown(() => storage.backend("mian"))).message).toContain("backends are main");
});

test("a backend answers to the names it had before", () => {
  const { storage } = new Scene({ backend: { formerly: ["old"] } });
  expect(storage.backend("old")).toBe(storage.backend("main"));
  expect(storage.backendNames()).toEqual(["main"]);
});
