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

/** The first of some ports that nobody uses now. */
function freePorts(): Promise<number> {
  return new Promise((settle, fail) => {
    const server = createServer().on("error", fail);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      // Below the range of outgoing connections, so that none of those takes one of them meanwhile
      server.close(() => settle(20_000 + (port % 90) * 100));
    });
  });
}

/**
 * The cluster that Jest has started for all files whose tests leave it whole and take every pool away (scripts/lib/jestClusterStart.cjs);
 * where it has not, one for this file.
 */
export function sharedCluster(): () => CephCluster {
  const shared = process.env.KRSTORAGE_TEST_CEPH;
  if (shared === undefined) return clusterForTests();
  const cluster = JSON.parse(shared) as CephCluster;
  return () => cluster;
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
