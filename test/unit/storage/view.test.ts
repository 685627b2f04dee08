import { sceneWithPool } from "../support/scene";
import { thrown } from "../support/thrown";

const ssd = { backend: "main", pool: "ssd" };

test("a caller that gives up does not take the shared look from the others", async () => {
  const { storage, disk } = await sceneWithPool();
  let go: () => void = () => undefined;
  disk.before = (method) => (method === "list" ? new Promise<void>((resolve) => (go = resolve)) : undefined);
  const impatient = new AbortController();
  const first = thrown(() => storage.view(ssd, { maxAgeMs: 30_000, signal: impatient.signal }));
  const second = storage.view(ssd, { maxAgeMs: 30_000 });
  impatient.abort();
  expect((await first).code).toBe("CANCELLED");
  go();
  expect((await second).pool.record.name).toBe("ssd");
  expect(disk.calls.list).toBe(1);
});

test("a thousand reads through the storage are one list", async () => {
  const { storage, disk } = await sceneWithPool();
  await Promise.all(Array.from({ length: 1000 }, () => storage.view(ssd, { maxAgeMs: 30_000 })));
  expect(disk.calls.list).toBe(1);
});
