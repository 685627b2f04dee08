import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";

/** How a cluster is reached, as `npm run backend:ceph -- run --json` says it. */
export interface CephCluster {
  folder: string;
  conf: string;
  monitors: string[];
  user: string;
  keyring: string;
  adminKeyring: string;
}

/** Starts a new cluster, which ends with its data when `stop` is called, and when this process ends however that comes about. */
export async function startCeph(): Promise<{ cluster: CephCluster; stop(): Promise<void> }> {
  const folder = join(mkdtempSync(join(tmpdir(), "krs-ceph-")), "cluster");
  const script = resolve(__dirname, "../../../../scripts/backend.mjs");
  const args = [script, "ceph", "run", "--json", "--folder", folder, "--port", String(await freePorts())];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "pipe"] });
  const ended = new Promise<void>((settle) => child.on("exit", () => settle()));
  try {
    const cluster = JSON.parse(await firstLine(child)) as CephCluster;
    return {
      cluster,
      async stop() {
        child.stdin.end();
        await ended;
        rmSync(dirname(folder), { recursive: true, force: true });
      },
    };
  } catch (error) {
    child.stdin.end();
    await ended;
    throw error;
  }
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((settle, fail) => {
    let complaint = "";
    child.stderr?.on("data", (chunk) => {
      complaint += chunk;
    });
    if (child.stdout) createInterface({ input: child.stdout }).once("line", settle);
    child.on("exit", () => fail(new Error(`the cluster did not start: ${complaint}`)));
  });
}

/** The first of some ports that nobody uses now. They are below those of outgoing connections, which could take one of them meanwhile. */
async function freePorts(): Promise<number> {
  for (let attempt = 0; attempt < 1000; attempt += 1) {
    const port = 20_000 + Math.floor(Math.random() * 120) * 100;
    // The monitor's two, and the first of the other daemons
    const found = await Promise.all([port, port + 1, port + 10].map(isFree));
    if (found.every((each) => each)) return port;
  }
  throw new Error("there are no free ports for a cluster");
}

function isFree(port: number): Promise<boolean> {
  return new Promise((settle) => {
    const server = createServer().on("error", () => settle(false));
    server.listen(port, "127.0.0.1", () => server.close(() => settle(true)));
  });
}

/**
 * The cluster that this worker of Jest has for all files whose tests leave it whole and take every pool away (scripts/lib/jestClusterStart.cjs
 * has started it); where there is none, one for this file.
 */
export function sharedCluster(): () => CephCluster {
  const clusters = JSON.parse(process.env.KRSTORAGE_TEST_CEPH ?? "[]") as CephCluster[];
  const cluster = clusters[Number(process.env.JEST_WORKER_ID ?? 1) - 1];
  return cluster ? () => cluster : clusterForTests();
}

/** One cluster for all tests of a file, which may harm it: started before the first, gone after the last. */
export function clusterForTests(): () => CephCluster {
  let started: { cluster: CephCluster; stop(): Promise<void> } | undefined;
  beforeAll(async () => {
    started = await startCeph();
  }, 180_000);
  afterAll(async () => {
    await started?.stop();
  }, 60_000);
  return () => {
    if (!started) throw new Error("the cluster has not been started");
    return started.cluster;
  };
}
