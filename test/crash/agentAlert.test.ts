import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Agent } from "../../agent/daemon/agent";
import { systemTiming } from "../../agent/daemon/timing";
import { objectIn } from "../contract/memory";
import { describeWith } from "../support/requires";
import { World } from "../unit/agent/support/world";

const rules = join(__dirname, "../../../agent/alerts/krstorage.rules.yaml");
const started: ChildProcess[] = [];
const folder = mkdtempSync(join(tmpdir(), "krs-alert-"));
let hook: Server | undefined;

afterAll(async () => {
  for (const process of started) process.kill("SIGKILL");
  hook?.closeAllConnections();
  hook?.close();
  rmSync(folder, { recursive: true, force: true });
});

function start(program: string, ...args: string[]): void {
  started.push(spawn(program, args, { cwd: folder, stdio: "ignore" }));
}

/** A port that is free now. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A webhook. What it is told ends up in the list. */
async function webhook(told: string[]): Promise<number> {
  hook = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on("end", () => {
      told.push(body);
      response.end();
    });
  });
  await new Promise<void>((resolve) => hook?.listen(0, "127.0.0.1", resolve));
  return (hook.address() as AddressInfo).port;
}

describeWith({ needs: ["prometheus"] }, "an alert of a real Prometheus and Alertmanager", () => {
  it("arrives: a volume has lost its bytes, the agent's check finds it, and somebody is told", async () => {
    const world = new World();
    await world.pool("main/ssd");
    const uid = await world.volume("main/ssd/db");
    delete objectIn(world.state(), uid).bytes;
    const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined };
    const config = { listen: "127.0.0.1:0", state: join(folder, "state") };
    const agent = new Agent({ ports: world.ports(), config, timing: systemTiming, log: silent, env: {} });
    const server = await agent.serve();
    const told: string[] = [];
    const [hookPort, managerPort, prometheusPort] = [await webhook(told), await freePort(), await freePort()];
    writeFileSync(
      join(folder, "alertmanager.yml"),
      `route: { receiver: hook, group_wait: 0s, group_interval: 1s, repeat_interval: 1h }
receivers: [{ name: hook, webhook_configs: [{ url: "http://127.0.0.1:${hookPort}/" }] }]
`,
    );
    writeFileSync(
      join(folder, "prometheus.yml"),
      `global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [${JSON.stringify(rules)}]
alerting: { alertmanagers: [{ static_configs: [{ targets: ["127.0.0.1:${managerPort}"] }] }] }
scrape_configs: [{ job_name: krstorage, static_configs: [{ targets: ["${server.address}"] }] }]
`,
    );
    try {
      await agent.start();
      start(
        "prometheus-alertmanager",
        "--config.file=alertmanager.yml",
        "--storage.path=alertmanager",
        `--web.listen-address=127.0.0.1:${managerPort}`,
        "--cluster.listen-address=",
      );
      start(
        "prometheus",
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=prometheus",
        `--web.listen-address=127.0.0.1:${prometheusPort}`,
      );
      while (told.length === 0) await wait(200);
    } finally {
      await agent.stop();
      await server.close();
    }
    const { alerts } = JSON.parse(told[0] ?? "{}") as { alerts: { status: string; labels: object }[] };
    expect(alerts).toMatchObject([
      { status: "firing", labels: { alertname: "KrstorageCheckFindings", backend: "main", pool: "ssd" } },
    ]);
  }, 120_000);
});
