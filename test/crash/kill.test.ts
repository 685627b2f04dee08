import { LoopDisk } from "../support/loopDisk";
import { describeWith } from "../support/requires";
import { Lane } from "./support/lane";
import { type OperationName, reflinkScenarios, scenarios } from "./support/scenarios";
import type { Place } from "./support/strace";

/** How many rounds run at a time. */
const lanes = 2;

describeWith({ needs: ["linux", "attach"] }, "killed before any system call", () => {
  test.each(Object.keys(scenarios) as OperationName[])(
    "AC-33 %s: done or not done, nothing lost, and whoever comes next gets it right",
    (operation) => killEverywhere(operation),
    600_000,
  );
});

describeWith({ needs: ["linux", "attach", "btrfs"] }, "killed before any system call, where files share blocks", () => {
  let disk: LoopDisk;
  beforeAll(() => {
    disk = new LoopDisk("btrfs");
  }, 60_000);
  afterAll(() => disk.end());
  test.each(Object.keys(reflinkScenarios) as OperationName[])(
    "AC-33 %s: done or not done, nothing lost, and whoever comes next gets it right",
    (operation) => killEverywhere(operation, disk.path),
    600_000,
  );
});

/** Runs an operation once for each of its places, and kills it there. */
async function killEverywhere(operation: OperationName, folder?: string): Promise<void> {
  const opened = await Promise.all(Array.from({ length: lanes }, () => Lane.open(operation, folder)));
  let isSuccess = false;
  try {
    const places = await (opened[0] as Lane).places();
    expect(places.length).toBeGreaterThan(5);
    const ends = lastPlaces(places);
    const queue = [...places];
    let killed = 0;
    await Promise.all(
      opened.map(async (lane) => {
        for (let place = queue.shift(); place; place = queue.shift()) {
          const isHarmed = await attempt(lane, place);
          if (isHarmed) killed += 1;
          // Until a run is not harmed any more: this one may have had more calls than the one that was watched
          if (isHarmed && ends.has(place)) {
            const next = { ...place, nth: place.nth + 1 };
            ends.add(next);
            queue.push(next);
          }
        }
      }),
    );
    // Not every run makes every call: what runs beside each other in the program shares commits or does not
    expect(killed).toBeGreaterThan(places.length / 2);
    if (process.env.KRSTORAGE_TEST_TELL) console.info(`${operation}: killed ${killed} times, ${places.length} places`);
    isSuccess = true;
  } finally {
    await Promise.all(opened.map((lane) => lane.close(isSuccess)));
  }
}

async function attempt(lane: Lane, place: Place): Promise<boolean> {
  try {
    return await lane.killedBefore(place);
  } catch (error) {
    throw new Error(`killed before ${place.call} number ${place.nth} of the ${place.thread} thread`, { cause: error });
  }
}

/** The last place of each call in each thread. Calls to `openat` are counted whatever they open, so there is no next one. */
function lastPlaces(places: Place[]): Set<Place> {
  const last = new Map<string, Place>();
  for (const place of places) if (place.call !== "openat") last.set(place.thread + place.call, place);
  return new Set(last.values());
}
