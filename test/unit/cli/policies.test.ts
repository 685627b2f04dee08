import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { DatabaseSync } from "@photostructure/sqlite";
import { applyPolicy } from "../../../provider/storage/policies";
import { CliScene } from "./support/cliScene";

jest.setTimeout(60_000); // each test starts processes, and other tests run at the same time

const main = join(__dirname, "../../../agent/cli/main.js");
let scene: CliScene;
beforeEach(async () => {
  scene = await CliScene.start();
});
afterEach(() => scene.end());

/** A policy whose slots come every minute, made an hour ago as far as its record knows. */
async function everyMinute(retention: object = { keepLast: 3 }): Promise<void> {
  await scene.volume("data");
  const requested = { schedule: "* * * * *", retention, targets: ["main/ssd/data"] };
  await scene.using((storage) =>
    applyPolicy(
      storage.storage,
      undefined,
      {
        name: "often",
        owner: "test/SnapshotPolicy/often",
        requested,
        labels: {},
        targets: [{ backend: "main", pool: "ssd", name: "data" }],
      },
      [],
    ),
  );
  const database = new DatabaseSync(scene.file(".krstorage", "pool.db"));
  const hourAgo = new Date(Date.now() - 3_600_000).toISOString();
  for (const table of ["objects", "policies"])
    database.prepare(`UPDATE ${table} SET record = json_set(record, '$.createdAt', ?)`).run(hourAgo);
  database.close();
}

interface Target {
  target: { id: string };
  take: { action: string; slot?: string };
  prune: { keep: { reasons: string[] }[] };
}
const targetsOf = ({ backends }: { backends: { targets: Target[] }[] }) => backends.flatMap(({ targets }) => targets);

test("policies of a real pool: one snapshot a slot, explained and remembered", async () => {
  await everyMinute();
  const dry = await scene.json<{ backends: { targets: Target[] }[] }>("policy", "run", "--dry-run");
  expect(targetsOf(dry)[0]?.take.action).toBe("planned");
  const second = await scene.json<{ backends: { targets: Target[] }[] }>("policy", "run", "often");
  // Unless a minute has begun meanwhile, it is the slot of the dry run
  expect(targetsOf(second)[0]?.take).toMatchObject({ action: "taken", slot: expect.stringMatching(/^\d{8}t\d{6}z$/) });
  const plan = await scene.json<{ backends: { targets: Target[] }[] }>("policy", "plan");
  expect(targetsOf(plan)[0]?.prune.keep[0]?.reasons).toEqual([expect.stringMatching(/^last [12] of 3$/)]);
  const { history, runs } = await scene.json<{ history: object[]; runs: object[] }>("policy", "history");
  expect(history[0]).toMatchObject({
    slot: targetsOf(second)[0]?.take.slot,
    target: "main/ssd/data",
    fate: { state: "live", reason: expect.stringMatching(/^last [12] of 3$/) },
  });
  expect(runs[0]).toMatchObject({ event: "taken", policy: { name: "often" }, target: "main/ssd/data" });
  const { policies } = await scene.json<{ policies: object[] }>("policy", "ls");
  expect(policies).toMatchObject([{ name: "often", schedule: "* * * * *", target: "main/ssd/data", status: "ok" }]);
});

test("a policy that is not there is an error that says how to find those that are", async () => {
  await everyMinute();
  for (const command of ["run", "plan", "simulate"]) {
    const { code, stderr } = await scene.run("policy", command, "nightly");
    expect([code, stderr]).toEqual([3, expect.stringContaining('there is no policy "nightly"')]);
  }
});

test("the agent on a real pool: ready, metrics, a new configuration by SIGHUP, and the end within ten seconds", async () => {
  await everyMinute();
  const config = join(scene.folder, "agent.yaml");
  writeFileSync(config, "listen: 127.0.0.1:0\n", { mode: 0o600 });
  const env = {
    ...process.env,
    KRSTORAGE_CONFIG: scene.configFile,
    KRSTORAGE_AGENT_CONFIG: config,
    HOME: scene.folder,
  };
  const agent = spawn(process.execPath, [main, "agent"], { env, stdio: ["ignore", "ignore", "pipe"] });
  try {
    const address = await said(agent, /metrics at (http:\S+)\/metrics/);
    expect((await fetch(`${address}/healthz`)).status).toBe(200);
    while ((await fetch(`${address}/readyz`)).status !== 200) await wait(50);
    const metrics = await (await fetch(`${address}/metrics`)).text();
    expect(metrics).toContain('krstorage_backend_up{backend="main"} 1');
    expect(metrics).toContain('policy="often"');
    const again = said(agent, /metrics at (http:\S+)\/metrics/);
    agent.kill("SIGHUP");
    expect((await fetch(`${await again}/healthz`)).status).toBe(200);
  } finally {
    agent.kill("SIGTERM");
  }
  const [code] = await once(agent, "exit", { signal: AbortSignal.timeout(10_000) });
  expect(code).toBe(0);
});

/** What a process says next that looks like that. */
async function said(process: ChildProcess, what: RegExp): Promise<string> {
  let text = "";
  return new Promise((resolve, reject) => {
    const read = (chunk: Buffer) => {
      text += chunk.toString();
      const found = what.exec(text)?.[1];
      if (found === undefined) return;
      process.stderr?.off("data", read);
      resolve(found);
    };
    process.stderr?.on("data", read);
    process.once("exit", () => reject(new Error(`it ended: ${text}`)));
  });
}
