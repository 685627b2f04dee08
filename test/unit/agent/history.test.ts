import { appendFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { historyOf, reasonsOf } from "../../../agent/run/history";
import { Journal, readJournal } from "../../../agent/run/journal";
import { World } from "./support/world";

const id = "main/ssd/db";
const folder = mkdtempSync(join(tmpdir(), "krs-history-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const warned: string[] = [];
const log = { debug: () => undefined, info: () => undefined, warn: (text: string) => void warned.push(text) };

async function begin(name: string) {
  const world = new World();
  await world.pool("main/ssd");
  const uid = await world.volume(id);
  await world.policy("nightly", { schedule: "@hourly", retention: { keepLast: 3 }, targets: [id] });
  const state = join(folder, name);
  const journal = new Journal(state, log);
  const run = async (hours = 1) => {
    for (let hour = 0; hour < hours; hour += 1) {
      world.clock.advance(3_600_000);
      for (const report of await world.run()) journal.record(report);
    }
  };
  const told = () => readJournal(state).map(({ event }) => event);
  return { world, uid, state, run, told };
}

describe("what runs have done", () => {
  it("is remembered with the reason of every removal, also when the snapshot has ended", async () => {
    const { world, state, run } = await begin("removed");
    await run(5);
    world.emptyTrash();
    const removed = readJournal(state).filter(({ event }) => event === "removed");
    expect(removed.map(({ name }) => name?.split("-").at(-1))).toEqual(["20310101t130000z", "20310101t140000z"]);
    for (const { reason } of removed) expect(reason).toBe("not kept: last 3 used up by newer ones");
    expect(readJournal(state).filter(({ event }) => event === "taken")).toHaveLength(5);
    expect(statSync(join(state, "history.jsonl")).mode & 0o777).toBe(0o600);
  });

  it("says of each snapshot that a backend has why it stays, and of each in the trash why it was removed", async () => {
    const { world, state, run } = await begin("why");
    await run(4);
    const reasons = reasonsOf(await world.run({ dryRun: true }), readJournal(state));
    const history = historyOf(await world.look(), () => true, reasons);
    expect(history.map(({ slot, fate }) => [slot.slice(9, 11), fate.state, fate.reason])).toEqual([
      ["16", "live", "last 1 of 3"],
      ["15", "live", "last 2 of 3"],
      ["14", "live", "last 3 of 3"],
      ["13", "removed", "not kept: last 3 used up by newer ones"],
    ]);
  });

  it("says a trouble once, when it begins, and again when it comes back", async () => {
    const { world, uid, run, told } = await begin("trouble");
    world.health.set(uid, "damaged");
    await run(3);
    expect(told()).toEqual(["skipped"]);
    world.health.delete(uid);
    await run(1);
    world.health.set(uid, "damaged");
    await run(2);
    expect(told()).toEqual(["skipped", "taken", "skipped"]);
  });

  it("survives half a line, and begins a new file when one is large", async () => {
    const { state, run, told } = await begin("lines");
    await run(1);
    appendFileSync(join(state, "history.jsonl"), '{"at":"2031-01-01T14:0\n');
    await run(1);
    expect(told()).toEqual(["taken", "taken"]);
    appendFileSync(join(state, "history.jsonl"), `${"x".repeat(9 * 2 ** 20)}\n`);
    await run(1);
    expect(told()).toEqual(["taken", "taken", "taken"]);
    expect(statSync(join(state, "history.jsonl")).size).toBeLessThan(10_000);
  });

  it("that cannot be written is said once, and no run fails for it", async () => {
    writeFileSync(join(folder, "occupied"), "");
    const { world, run } = await begin("occupied");
    await run(2);
    expect(world.slots()).toHaveLength(2);
    expect(warned).toEqual([expect.stringContaining("what runs do is not remembered")]);
  });
});
