import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { systemClock } from "../../provider/drivers/clock";
import { loadDriver } from "../../provider/drivers/registry";
import { testEnv } from "../../provider/testing";
import { call, poolInputs, refOf } from "../../provider/testing/bench";
import { memoryDriver, readBytesInFile, writeBytesInFile } from "./memory";

const run = promisify(execFile);
const register = resolve(__dirname, "memory/register.js");
const drivers = resolve(__dirname, "../../provider/drivers");

/** Creates volumes in a process that knows the type "memory" from NODE_OPTIONS alone. */
const program = `
const { loadDriver } = require(${JSON.stringify(join(drivers, "registry.js"))});
const { systemClock } = require(${JSON.stringify(join(drivers, "clock.js"))});
const { newUid, newClaim } = require(${JSON.stringify(join(drivers, "record.js"))});
const [file, pool, prefix] = process.argv.slice(1);
const driver = loadDriver("memory").open({ name: "test", options: { file } }, { clock: systemClock, log: console });
const call = { signal: new AbortController().signal, actor: { by: "child" } };
(async () => {
  for (let index = 0; index < 25; index++) {
    for (const name of [prefix + index, "shared-" + index]) {
      const volume = { kind: "volume", name, uid: newUid(), claim: newClaim(), owner: prefix, requested: {}, labels: {}, protection: false, sizeBytes: 4096 };
      await driver.create({ name: pool }, volume, call).then(() => name === "shared-" + index && console.log("won"), (error) => { if (error.code !== "ALREADY_EXISTS") throw error; });
    }
  }
})();`;

describe("the memory backend in a file", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "krs-memory-file-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("is shared by processes that know it from NODE_OPTIONS, and loses and doubles nothing", async () => {
    const file = join(folder, "state.json");
    const driver = memoryDriver.open({ name: "test", options: { file } }, testEnv(systemClock));
    const pool = await driver.createPool(poolInputs({}), call());
    const env = { ...process.env, NODE_OPTIONS: `--require ${register}` };
    const outputs = await Promise.all(
      ["a", "b"].map((prefix) => run(process.execPath, ["-e", program, file, pool.record.name, prefix], { env })),
    );
    const { objects } = await driver.list(refOf(pool), call());
    expect(objects).toHaveLength(75);
    expect(new Set(objects.map((object) => object.record.name)).size).toBe(75);
    expect(
      outputs
        .map((output) => output.stdout)
        .join("")
        .match(/won/g),
    ).toHaveLength(25);
    expect(readdirSync(folder)).toEqual(["state.json"]);
  });

  it("takes away the lock of a process that was killed", async () => {
    const file = join(folder, "state.json");
    const { stdout } = await run(process.execPath, ["-p", "process.pid"]);
    symlinkSync(stdout.trim(), `${file}.lock`);
    const driver = memoryDriver.open({ name: "test", options: { file } }, testEnv(systemClock));
    await driver.createPool(poolInputs({}), call());
    expect(readdirSync(folder)).toEqual(["state.json"]);
  });

  it("lets tests write and read the bytes of a volume", async () => {
    const file = join(folder, "state.json");
    const driver = memoryDriver.open({ name: "test", options: { file } }, testEnv(systemClock));
    const pool = await driver.createPool(poolInputs({}), call());
    const uid = "0123456789abcdef0123456789abcdef";
    const object = {
      kind: "volume" as const,
      name: "data",
      uid,
      claim: "c",
      owner: "o",
      requested: {},
      labels: {},
      protection: false,
      sizeBytes: 4096,
    };
    await driver.create(refOf(pool), object, call());
    writeBytesInFile(file, uid, 10, Buffer.from("here"));
    expect(readBytesInFile(file, uid, 8, 8).toString("latin1")).toBe("\0\0here\0\0");
  });

  it("is of a type that nobody knows who has not registered it", () => {
    expect(() => loadDriver("memory")).toThrow(/there is no driver "memory"/);
  });
});
