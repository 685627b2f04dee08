// The REST interface of a cluster's dashboard, as somebody without KRStorage would use it: what the Ceph figures are compared with.
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ceph } from "../../test/backends/ceph/cluster.mjs";
import { StepError } from "../lib/console.mjs";

const longestStartMs = 120_000;
const user = "bench";
const warmUp = "warm-up";
const password = "of-a-cluster-that-ends-with-the-bench-1";
/** An answer in any other version is refused with 415, and so is a request that asks for none. */
const accept = "application/vnd.ceph.api.v1.0+json";
/** Those that the driver gives its images. */
const features = ["layering", "exclusive-lock", "object-map", "fast-diff", "deep-flatten"];

export const isDashboardInstalled = () => existsSync("/usr/share/ceph/mgr/dashboard/module.py");

/** Turns the dashboard of a cluster on, which is one for this bench alone, and logs in. */
export async function openDashboard({ folder }, port) {
  const run = (...args) => ceph(folder, "ceph", args);
  const settings = { ssl: "false", server_addr: "127.0.0.1", server_port: String(port) };
  // The manager knows them only once the module has run
  for (const [name, value] of Object.entries(settings))
    await run("config", "set", "mgr", `mgr/dashboard/${name}`, value, "--force");
  await run("mgr", "module", "enable", "dashboard");
  const file = join(folder, "dashboard.password");
  writeFileSync(file, password, { mode: 0o600 });
  const create = ["dashboard", "ac-user-create", user, "-i", file, "administrator", "--force-password"];
  const until = Date.now() + longestStartMs;
  // Turning a module on starts the manager anew
  const patiently = async (attempt) => {
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        if (Date.now() > until) throw error;
        await sleep(500);
      }
    }
  };
  const dashboard = new Dashboard(`http://127.0.0.1:${port}/api`);
  await patiently(() => run("dashboard", "ac-user-show"));
  await patiently(() => run(...create));
  await patiently(() => dashboard.login());
  // Its connection to the cluster is made with the first request that needs it, and those beside that one fail
  await run("osd", "pool", "create", warmUp);
  await dashboard.createImage(warmUp, "first", 2 ** 20);
  await run("osd", "pool", "delete", warmUp, warmUp, "--yes-i-really-really-mean-it");
  return dashboard;
}

class Dashboard {
  #token;

  constructor(url) {
    this.url = url;
  }

  async login() {
    this.#token = (await this.#call("POST", "auth", { username: user, password })).body.token;
  }
  async createImage(pool, name, sizeBytes) {
    await this.#finish(
      "rbd/create",
      { pool_name: pool, image_name: name },
      await this.#call("POST", "block/image", { pool_name: pool, name, size: sizeBytes, features }),
    );
  }
  async createSnapshot(pool, image, name) {
    const spec = `${pool}/${image}`;
    const body = { snapshot_name: name, mirrorImageSnapshot: false };
    await this.#finish(
      "rbd/snap/create",
      { image_spec: spec, snapshot_name: name },
      await this.#call("POST", `block/image/${encodeURIComponent(spec)}/snap`, body),
    );
  }

  /** 202 says that it is still being done: then until it is. */
  async #finish(name, metadata, { status }) {
    const isIt = (task) => Object.entries(metadata).every(([key, value]) => task.metadata[key] === value);
    while (status === 202) {
      const { body } = await this.#call("GET", `task?name=${encodeURIComponent(name)}`);
      const ended = body.finished_tasks.find(isIt);
      if (ended?.success) return;
      if (ended || !body.executing_tasks.some(isIt))
        throw new StepError(
          `${name} of ${JSON.stringify(metadata)} failed: ${JSON.stringify(ended ?? "it is not known")}`,
        );
      await sleep(50);
    }
  }

  async #call(method, path, body) {
    const headers = {
      accept,
      "content-type": "application/json",
      ...(this.#token && { authorization: `Bearer ${this.#token}` }),
    };
    const answer = await fetch(`${this.url}/${path}`, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new StepError(`${method} ${path}: ${answer.status} ${text.slice(0, 500)}`);
    return { status: answer.status, body: text === "" ? null : JSON.parse(text) };
  }
}
