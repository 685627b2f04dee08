import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStorage, type StorageLibrary } from "../../../provider/storage";

const settings = (...targets: string[]) => ({ schedule: "@daily", retention: { keepDaily: 7 }, targets });

/** Several programs on one folder: each its own library, with looks of its own. */
async function withPrograms(count: number, act: (programs: StorageLibrary[]) => Promise<void>): Promise<void> {
  const path = mkdtempSync(join(tmpdir(), "krstorage-policies-"));
  const programs = Array.from({ length: count }, () => openStorage({ backends: { main: { type: "local", path } } }));
  try {
    const [first] = programs as [StorageLibrary];
    for (const pool of ["main/ssd", "main/hdd"]) {
      await first.createPool(pool, { reserve: "0B" });
      await first.createVolume(`${pool}/data`, { size: "1MiB" });
    }
    // What each knows from now on is from before any policy was made
    for (const each of programs) for (const pool of ["main/ssd", "main/hdd"]) await each.listPolicies(pool);
    await act(programs);
  } finally {
    for (const each of programs) await each.close();
    rmSync(path, { recursive: true, force: true });
  }
}

test("programs of one owner that make a policy at the same time end with one", async () => {
  await withPrograms(4, async (programs) => {
    const made = await Promise.all(programs.map((each) => each.applyPolicy("nightly", settings("main/ssd/data"))));
    expect(new Set(made.map(({ uid }) => uid)).size).toBe(1);
    const policies = await (programs[0] as StorageLibrary).listPolicies("main/ssd");
    expect(policies.map(({ uid }) => uid)).toEqual([made[0]?.uid]);
  });
});

test("a policy of which two runs have each begun another pool is one again with the next run, and acts on both", async () => {
  await withPrograms(3, async ([one, other, next]) => {
    if (!one || !other || !next) return;
    const first = await one.applyPolicy("nightly", settings("main/ssd/data"));
    const second = await other.applyPolicy("nightly", settings("main/hdd/data"));
    expect(second.uid).not.toBe(first.uid);
    const { uid } = await next.applyPolicy("nightly", settings("main/ssd/data", "main/hdd/data"));
    for (const pool of ["main/ssd", "main/hdd"])
      expect((await next.listPolicies(pool)).map((policy) => policy.uid)).toEqual([uid]);
    // Nothing is left to be done
    const again = await one.applyPolicy("nightly", settings("main/ssd/data", "main/hdd/data"));
    expect(again.uid).toBe(uid);
  });
});
