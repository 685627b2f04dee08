import { type ChildProcess, execFile, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { call, newVolume, Scene } from "./support/scene";

const run = promisify(execFile);
const program = join(__dirname, "..", "..", "crash", "localOperation.js");

let scene: Scene;
beforeEach(async () => {
  scene = await Scene.start();
});
afterEach(() => scene.end());

interface Answer {
  result?: { record: { uid: string; name: string } };
  error?: { code: string; message: string };
}

/** Another process does one operation. */
async function operate(...args: string[]): Promise<Answer> {
  const ended = await run(process.execPath, [program, scene.path, "ssd", ...args]).catch(
    (error: { stdout: string }) => error,
  );
  return JSON.parse(ended.stdout) as Answer;
}

test("of several processes that make one name exactly one succeeds", async () => {
  for (let round = 0; round < 3; round++) {
    const answers = await Promise.all(Array.from({ length: 4 }, () => operate("create", `data-${round}`)));
    const made = answers.flatMap((answer) => answer.result ?? []);
    expect(made).toHaveLength(1);
    expect(answers.flatMap((answer) => answer.error?.code ?? [])).toEqual(Array(3).fill("ALREADY_EXISTS"));
    const live = (await scene.list()).objects.filter((object) => object.record.name === `data-${round}`);
    expect(live.map((object) => object.record.uid)).toEqual(made.map((object) => object.record.uid));
  }
}, 60_000);

test("several processes that make different names make them all", async () => {
  const answers = await Promise.all(Array.from({ length: 8 }, (_, index) => operate("create", `data-${index}`)));
  expect(answers.flatMap((answer) => answer.error ?? [])).toEqual([]);
  expect((await scene.list()).objects.map((object) => object.record.name).sort()).toEqual(
    answers.map((_, index) => `data-${index}`),
  );
}, 60_000);

test("of several processes that make one pool exactly one succeeds", async () => {
  const make = (): Promise<Answer> =>
    run(process.execPath, [program, scene.path, "other", "createPool"]).then(
      (ended) => JSON.parse(ended.stdout) as Answer,
      (error: { stdout: string }) => JSON.parse(error.stdout) as Answer,
    );
  const answers = await Promise.all(Array.from({ length: 4 }, make));
  expect(answers.filter((answer) => answer.result)).toHaveLength(1);
  expect(answers.flatMap((answer) => answer.error?.code ?? [])).toEqual(Array(3).fill("ALREADY_EXISTS"));
}, 60_000);

test("processes that are killed at any moment of making volumes leave whole ones or none, and names that are free", async () => {
  for (let round = 0; round < 6; round++) {
    const children: ChildProcess[] = Array.from({ length: 2 }, () =>
      spawn(process.execPath, [program, scene.path, "ssd", "create", `data-${round}`], {
        stdio: ["ignore", "pipe", "ignore"],
      }),
    );
    const ended = children.map((child) => once(child, "exit"));
    const known = (await scene.list()).objects.length;
    while ((await scene.list()).objects.length === known && children.every((child) => child.exitCode === null)) {
      await new Promise((resolve) => setTimeout(resolve, round));
    }
    for (const child of children) child.kill("SIGKILL");
    await Promise.all(ended);
    const next = await operate("create", `data-${round}`);
    const { objects } = await scene.list();
    const mine = objects.filter((object) => object.record.name === `data-${round}`);
    expect(mine).toMatchObject([{ phase: "live", health: "ready" }]);
    if (next.error) expect(next.error.code).toBe("ALREADY_EXISTS");
    else expect(mine[0]?.record.uid).toBe(next.result?.record.uid);
  }
  expect(readdirSync(scene.file(".krstorage", "new"))).toEqual([]);
  expect(await scene.fsck(false)).toEqual([]);
}, 120_000);

test("a copy whose process is killed is cleaned away by the next, cp and all", async () => {
  const source = await scene.driver.create(scene.ref, newVolume("source", { sizeBytes: 2 ** 26 }), call);
  require("node:fs").writeFileSync(scene.disk(source), Buffer.alloc(2 ** 26, 7));
  const child = fork(program, [scene.path, "ssd", "clone", "copy", "source"], { silent: true });
  const exited = once(child, "exit");
  while (child.exitCode === null && readdirSync(scene.file(".krstorage", "new")).length === 0)
    await new Promise((resolve) => setTimeout(resolve, 1));
  child.kill("SIGKILL");
  await exited;
  const again = await operate("clone", "copy", "source");
  const copy = (await scene.list()).objects.find((object) => object.record.name === "copy");
  expect(copy).toMatchObject({ phase: "live", health: "ready" });
  expect(again.error?.code ?? "made").toMatch(/made|ALREADY_EXISTS/);
  if (copy) expect(statSync(scene.disk(copy)).size).toBe(2 ** 26);
  expect(readdirSync(scene.file(".krstorage", "new"))).toEqual([]);
}, 60_000);
