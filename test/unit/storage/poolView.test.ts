import { PoolView } from "../../../provider/storage/poolView";
import { listing, poolRecord, storedObject } from "../support/records";

const uid = (letter: string) => letter.repeat(32);
const trashed = (letter: string, trashedAt: string) =>
  storedObject({ uid: uid(letter), trashedAt }, { phase: "trashed" });

test("what is live or being made has its name; what is in the trash has not", () => {
  const view = new PoolView(
    listing([
      storedObject({ uid: uid("1"), name: "live" }),
      storedObject({ uid: uid("2"), name: "half" }, { phase: "creating" }),
      storedObject({ uid: uid("3"), name: "gone" }, { phase: "trashed" }),
      storedObject({ uid: uid("4"), name: "ending" }, { phase: "purging" }),
    ]),
  );
  expect(["live", "half", "gone", "ending"].map((name) => view.byName(name)?.record.uid)).toEqual([
    uid("1"),
    uid("2"),
    undefined,
    undefined,
  ]);
  expect(view.byUid(uid("3"))?.phase).toBe("trashed");
  expect(view.all()).toHaveLength(4);
});

test("trashing frees the name, also for another object of that name", () => {
  const view = new PoolView(listing([storedObject({ uid: uid("1") })]));
  view.put(storedObject({ uid: uid("1") }, { phase: "trashed" }));
  expect(view.byName("data")).toBeUndefined();
  view.put(storedObject({ uid: uid("2") }));
  view.remove(uid("1"));
  expect(view.byName("data")?.record.uid).toBe(uid("2"));
});

test("a renamed object has only its new name", () => {
  const view = new PoolView(listing([storedObject({ uid: uid("1"), name: "old" })]));
  view.put(storedObject({ uid: uid("1"), name: "new" }));
  expect([view.byName("old"), view.byName("new")?.record.uid]).toEqual([undefined, uid("1")]);
});

test("of several in the trash the newest of that owner counts", () => {
  const other = storedObject(
    { uid: uid("3"), owner: "other", trashedAt: "2031-03-01T00:00:00.000Z" },
    { phase: "trashed" },
  );
  const view = new PoolView(
    listing([trashed("1", "2031-01-01T00:00:00.000Z"), trashed("2", "2031-02-01T00:00:00.000Z"), other]),
  );
  expect(view.trashed("proj/dev/Volume/data", "data")?.record.uid).toBe(uid("2"));
  expect(view.trashed("proj/dev/Volume/data", "other")).toBeUndefined();
});

test("the live object of an owner is found, never a trashed one", () => {
  const view = new PoolView(
    listing([trashed("1", "2031-01-01T00:00:00.000Z"), storedObject({ uid: uid("2"), name: "renamed" })]),
  );
  expect(view.liveOf("proj/dev/Volume/data")?.record.uid).toBe(uid("2"));
  expect(view.liveOf("proj/dev/Volume/other")).toBeUndefined();
});

test("a damaged record is found by its name and never taken for an object", () => {
  const view = new PoolView(
    listing([], { damaged: [{ uid: uid("1"), name: "data", problem: "its record cannot be read" }] }),
  );
  expect(view.damagedByName("data")?.problem).toBe("its record cannot be read");
  expect([view.byName("data"), view.byUid(uid("1")), view.all()]).toEqual([undefined, undefined, []]);
});

test("what is promised follows own writes: made, grown, trashed, purged", () => {
  const view = new PoolView(listing([]));
  const promised = () => view.pool.capacity.provisionedBytes;
  view.put(storedObject({ sizeBytes: 100 }));
  expect(promised()).toBe(100);
  view.put(storedObject({ sizeBytes: 150 }));
  expect(promised()).toBe(150);
  view.put(storedObject({ sizeBytes: 150 }, { phase: "trashed" }));
  expect(promised()).toBe(150);
  view.remove("a".repeat(32));
  expect(promised()).toBe(0);
});

test.each([
  [true, 0],
  [false, 100],
])("a snapshot where blocks are shared (%s) promises %d bytes", (copyOnWrite, bytes) => {
  const record = poolRecord({ capabilities: { copyOnWrite, onlineSnapshot: "none", trash: true } });
  const view = new PoolView({ ...listing([]), pool: { ...listing([]).pool, record } });
  view.put(storedObject({ kind: "snapshot", name: "data@a", sizeBytes: 100 }));
  expect(view.pool.capacity.provisionedBytes).toBe(bytes);
});

test("own writes do not reach into what the driver gave", () => {
  const given = listing([]);
  new PoolView(given).put(storedObject());
  expect([given.pool.capacity.provisionedBytes, given.objects]).toEqual([0, []]);
});
