import { fork } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { type HookConfig, readAgentConfig } from "../../../agent/config/agentConfig";
import { Hooks } from "../../../agent/hooks/hooks";
import { writeIntent } from "../../../agent/hooks/intent";
import { letGoOfLeft } from "../../../agent/hooks/thaw";
import { World } from "./support/world";

const id = "main/ssd/db";
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "krs-hooks-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const said = () =>
  existsSync(join(folder, "said")) ? readFileSync(join(folder, "said"), "utf8").trim().split("\n") : [];
/** A program that writes down that it ran; `then` is what it does afterwards. */
function say(word: string, then = ""): string[] {
  const script = `require("fs").appendFileSync(process.argv[1], ${JSON.stringify(`${word}\n`)}); ${then}`;
  return [process.execPath, "-e", script, join(folder, "said")];
}
function hook(change: Partial<HookConfig> = {}): Record<string, HookConfig> {
  return { pg: { owners: ["stack/"], freeze: say("freeze"), thaw: say("thaw"), ...change } };
}
const intents = () => readdirSync(join(folder, "hooks"));
function hooksOf(config: Record<string, HookConfig>): Hooks {
  return new Hooks(config, join(folder, "hooks"), () => undefined);
}

async function worldWithHook(): Promise<World> {
  const world = new World();
  await world.pool("main/ssd");
  await world.volume(id);
  await world.policy("nightly", { schedule: "@hourly", retention: { keepLast: 3 }, hooks: ["pg"], targets: [id] });
  world.clock.advance(3_600_000);
  return world;
}
const seen = (world: World) => world.snapshots().map(({ consistency }) => consistency);

describe("hooks around a snapshot", () => {
  it("hold still before and let go after; the snapshot is one of an application", async () => {
    const world = await worldWithHook();
    const [report] = await world.runWell({ hooks: hooksOf(hook()) });
    expect(report?.take?.action).toBe("taken");
    expect(said()).toEqual(["freeze", "thaw"]);
    expect(seen(world)).toEqual(["app"]);
    expect(intents()).toEqual([]);
  });

  it("a snapshot after the deadline is not one of an application, and everything was let go at the deadline", async () => {
    const world = await worldWithHook();
    const slow = hooksOf(hook({ deadline: "1s" }));
    const late = {
      around: <Result>(
        names: readonly string[],
        policy: { uid: string; owner: string },
        targets: readonly string[],
        take: () => Promise<Result>,
      ) =>
        slow.around(names, policy, targets, async () => {
          await until(() => said().includes("thaw"));
          return take();
        }),
    };
    const [report] = await world.runWell({ hooks: late });
    expect(report?.take?.reason).toContain("was not there by the deadline of pg");
    expect(said()).toEqual(["freeze", "thaw"]);
    expect(seen(world)).toEqual(["offline"]);
    // What is not what was asked for is not good
    expect(report?.newestGoodMs).toBeUndefined();
  });

  it("what lets go is on disk before anything is held still", async () => {
    const world = await worldWithHook();
    const list = `require("fs").writeFileSync(process.argv[1] + ".intents", require("fs").readdirSync(${JSON.stringify(join(folder, "hooks"))}).join())`;
    await world.runWell({ hooks: hooksOf(hook({ freeze: say("freeze", list) })) });
    expect(readFileSync(join(folder, "said.intents"), "utf8")).toMatch(/^pg-[0-9a-f]{16}\.freeze\.json$/);
  });

  it("may be addresses: each is told by a POST what it is about, with the headers of the configuration", async () => {
    const world = await worldWithHook();
    const told: unknown[] = [];
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => {
        body += chunk.toString();
      });
      request.on("end", () => {
        told.push([request.method, request.url, request.headers.authorization, JSON.parse(body)]);
        response.end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const at = (path: string) => ({ url: `http://127.0.0.1:${port}/${path}`, headers: { authorization: "Bearer s" } });
    try {
      await world.runWell({ hooks: hooksOf(hook({ freeze: at("freeze"), thaw: at("thaw") })) });
    } finally {
      server.close();
    }
    const about = { hook: "pg", targets: [id], policy: expect.anything() };
    expect(told).toEqual([
      ["POST", "/freeze", "Bearer s", about],
      ["POST", "/thaw", "Bearer s", about],
    ]);
    expect(seen(world)).toEqual(["app"]);
  });

  it("one that fails lets go, and nothing is taken or pruned", async () => {
    const world = await worldWithHook();
    const failing = hooksOf(hook({ freeze: say("freeze", "process.exitCode = 3") }));
    const report = (await world.run({ hooks: failing }))[0]?.targets[0];
    expect(report).toMatchObject({ status: "failed", take: { action: "failed" }, prune: { action: "notRun" } });
    expect(report?.reason).toContain('the hook "pg" could not hold still');
    expect(said()).toEqual(["freeze", "thaw"]);
    expect(world.slots()).toEqual([]);
  });

  test.each<[string, () => Record<string, HookConfig>, string]>([
    ["that is not configured", () => ({}), 'there is no hook "pg"'],
    ["of somebody else", () => hook({ owners: ["other/"] }), "may not use the hook"],
    ["for another target", () => hook({ targets: ["main/ssd/other"] }), "may not be used for main/ssd/db"],
  ])("one %s is refused before anything is held still", async (_name, config, reason) => {
    const world = await worldWithHook();
    const report = (await world.run({ hooks: hooksOf(config()) }))[0]?.targets[0];
    expect(report?.reason).toContain(reason);
    expect(said()).toEqual([]);
  });

  it("AC-48: what is held still is let go at the deadline, also when the agent is killed meanwhile", async () => {
    const script = join(folder, "agent.js");
    const module = join(__dirname, "../../../agent/hooks/hooks.js");
    const config = JSON.stringify(hook({ deadline: "2s" }));
    writeFileSync(
      script,
      `const { Hooks } = require(${JSON.stringify(module)});
       const hooks = new Hooks(${config}, ${JSON.stringify(join(folder, "hooks"))}, () => undefined);
       void hooks.around(["pg"], { uid: "1", owner: "stack/x" }, ["${id}"], () => {
         process.send("held");
         return new Promise((resolve) => setTimeout(resolve, 60_000));
       });`,
    );
    const agent = fork(script, { execArgv: [] });
    await new Promise((resolve) => agent.once("message", resolve));
    expect(said()).toEqual(["freeze"]);
    agent.kill("SIGKILL");
    await until(() => said().includes("thaw"));
    await until(() => intents().length === 0);
    expect(said()).toEqual(["freeze", "thaw"]);
  });

  it("AC-48: what was left held still by an agent and its watchdog that both died is let go at the next start", async () => {
    const content = { hook: "pg", thaw: say("thaw"), body: "{}", deadlineMs: Date.now() + 3_600_000 };
    writeIntent(join(folder, "hooks"), content);
    await letGoOfLeft(join(folder, "hooks"), () => undefined);
    expect(said()).toEqual(["thaw"]);
    expect(intents()).toEqual([]);
  });
});

describe("the agent's own configuration", () => {
  const write = (text: string, mode = 0o600) => {
    const file = join(folder, "agent.yaml");
    writeFileSync(file, text, { mode });
    chmodSync(file, mode);
    return file;
  };

  it("is refused where others can read or write it", () => {
    expect(() => readAgentConfig(write("poll: 1m", 0o640))).toThrow(/chmod 600/);
    expect(readAgentConfig(write("poll: 1m"))).toEqual({ poll: "1m" });
  });

  test.each([
    ["hooks: { pg: { owners: [x], freeze: [pg], thaw: [/bin/true] } }", "hooks.pg.freeze"],
    ["hooks: { pg: { owners: [], freeze: [/bin/true], thaw: [/bin/true] } }", "say whose policies may use it"],
    ["hooks: { pg: { owners: [x], freeze: [/bin/true], thaw: [/bin/true], deadline: 31s } }", "at most 30s"],
    ["hooks: { pg: { owners: [x], freeze: { url: 'file:///etc/passwd' }, thaw: [/bin/true] } }", "hooks.pg.freeze"],
    ["listen: everywhere", "listen"],
    ["pol: 1m", 'unknown property "pol"'],
  ])("%s is refused", (text, problem) => {
    expect(() => readAgentConfig(write(text))).toThrow(problem);
  });
});

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await wait(20);
}
