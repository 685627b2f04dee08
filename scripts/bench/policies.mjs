// Volumes and policies on them, as stacks would declare them.
import { limited } from "./limited.mjs";

const atOnce = 16;
const nameOf = (number) => `volume-${String(number).padStart(5, "0")}`;

/** Makes a pool `main/ssd`, volumes in it, and policies that share them out evenly. `load` loads a file of krstorage. */
export async function declarePolicies(load, storage, { volumes, policies, schedule }) {
  const { StorageLibrary } = load("provider/storage/library.js");
  const { applyPolicy } = load("provider/storage/policies.js");
  const library = new StorageLibrary(storage, "bench");
  await library.createPool("main/ssd", { reserve: "0B", maxOvercommit: 100 });
  await limited(volumes, atOnce, (number) => library.createVolume(`main/ssd/${nameOf(number)}`, { size: "64KiB" }));
  const each = volumes / policies;
  for (let policy = 0; policy < policies; policy += 1) {
    const names = Array.from({ length: each }, (_, at) => nameOf(policy * each + at));
    const requested = {
      schedule,
      retention: { keepHourly: 24, keepDaily: 7 },
      targets: names.map((name) => `main/ssd/${name}`),
    };
    const name = `policy-${policy}`;
    const targets = names.map((target) => ({ backend: "main", pool: "ssd", name: target }));
    const wanted = { name, owner: `bench/SnapshotPolicy/${name}`, requested, labels: {}, targets };
    await applyPolicy(storage, undefined, wanted, []);
  }
}
