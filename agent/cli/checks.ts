import { statSync } from "node:fs";
import type { HealthStatus, Nodes } from "../../provider/drivers/driver";
import { KrStorageError, messageOf } from "../../provider/model/errors";
import { formatPoolId, type PoolId, parsePoolId } from "../../provider/model/names";
import { formatBytes } from "../../provider/model/quantity";
import { resolveConfig } from "../../provider/storage/configSources";
import { nodesOf } from "../../provider/storage/nodes";
import { type PoolUse, poolsOf, prospectOf } from "../../provider/storage/poolUse";
import { pulumiVersion } from "./pulumi";
import type { Session } from "./session";

export type CheckStatus = "ok" | "warning" | "failed";

/** One thing that was looked at. `message` says what was found, and where it is not ok what to do. */
export interface Check {
  check: string;
  status: CheckStatus;
  message: string;
}

const oldestNode = 20;
/** Clocks further apart than this make expiry times hard to understand, ms. */
const largestSkewMs = 5000;

export function checkNode(version = process.versions.node): Check {
  const isNewEnough = Number(version.split(".")[0]) >= oldestNode;
  return isNewEnough
    ? { check: "node", status: "ok", message: `Node ${version}` }
    : { check: "node", status: "failed", message: `Node ${version} is too old; use ${oldestNode} or newer` };
}

export async function checkEngine(session: Session): Promise<Check> {
  try {
    const version = await pulumiVersion(session);
    if (version !== undefined) return { check: "engine", status: "ok", message: `pulumi ${version}` };
    return {
      check: "engine",
      status: "warning",
      message: "pulumi is not on PATH; stacks need it, this program does not",
    };
  } catch (error) {
    return { check: "engine", status: "warning", message: messageOf(error) };
  }
}

/** Whether the configuration can be read, and by whom. */
export function checkConfig(session: Session): Check[] {
  try {
    const { backends } = resolveConfig({ env: session.env });
    const names = backends.map((backend) => backend.name).join(", ") || "no backend";
    const checks: Check[] = [
      { check: "configuration", status: "ok", message: `${session.configFile ?? "the built-in default"}: ${names}` },
    ];
    if (session.configFile !== undefined) checks.push(checkAccess(session.configFile));
    return checks;
  } catch (error) {
    return [{ check: "configuration", status: "failed", message: messageOf(error) }];
  }
}

function checkAccess(file: string): Check {
  const mode = statSync(file).mode & 0o777;
  const isPrivate = (mode & 0o077) === 0;
  return {
    check: "configuration access",
    status: isPrivate ? "ok" : "warning",
    message: isPrivate
      ? "readable for its owner alone"
      : `${file} has mode ${mode.toString(8)} and may hold credentials; chmod 600 it`,
  };
}

export async function checkBackends(session: Session): Promise<Check[]> {
  const checks: Check[] = [];
  for (const name of session.storage.backendNames()) checks.push(...(await checkBackend(session, name)));
  return checks;
}

async function checkBackend(session: Session, name: string): Promise<Check[]> {
  const check = `backend ${name}`;
  try {
    const pools = await poolsOf(session.storage, name);
    const { freeBytes } = await prospectOf(session.storage, name);
    const frozen = session.storage.backend(name).isReadOnly ? ", frozen" : "";
    const found = `${session.storage.backend(name).type}, ${pools.length === 1 ? "1 pool" : `${pools.length} pools`}, ${formatBytes(freeBytes)} free${frozen}`;
    const checks: Check[] = [
      pools.length > 0
        ? { check, status: "ok", message: found }
        : { check, status: "warning", message: `${found}; if there should be pools, is the disk mounted?` },
    ];
    checks.push(...(await checkHealth(session, name)));
    for (const pool of pools) checks.push(await checkPool(session, pool));
    return checks;
  } catch (error) {
    if (session.signal.aborted || !KrStorageError.isInstance(error)) throw error;
    return [{ check, status: "failed", message: error.message }];
  }
}

/** How a backend with machines of its own says it is; nothing of one that has none. */
async function checkHealth(session: Session, name: string): Promise<Check[]> {
  const nodes = await nodesOf(session.storage, name);
  if (nodes === undefined) return [];
  return [{ check: `health ${name}`, status: grades[nodes.health.status], message: healthMessage(nodes, name) }];
}

const grades: Record<HealthStatus, CheckStatus> = { ok: "ok", warning: "warning", failing: "failed" };

function healthMessage({ health, nodes }: Nodes, name: string): string {
  const devices = nodes.flatMap((node) => node.devices);
  const up = devices.filter(({ isUp }) => isUp).length;
  const wrong = health.checks.filter(({ isMuted }) => !isMuted).map(({ code, message }) => `${code}: ${message}`);
  const look = wrong.length === 0 ? "" : `; look with "krstorage nodes ${name}"`;
  return `${[health.word, `${up} of ${devices.length} disks up`, ...wrong].join(", ")}${look}`;
}

async function checkPool(session: Session, pool: PoolUse): Promise<Check> {
  const check = `pool ${pool.id}`;
  const id = parsePoolId(pool.id);
  try {
    return { check, ...(id === undefined ? { status: "ok", message: "" } : await lookAtPool(session, id, pool)) };
  } catch (error) {
    if (session.signal.aborted || !KrStorageError.isInstance(error)) throw error;
    return { check, status: "failed", message: error.message };
  }
}

async function lookAtPool(session: Session, id: PoolId, pool: PoolUse): Promise<Omit<Check, "check">> {
  const view = await session.storage.view(id, { maxAgeMs: 0 });
  const objects = view.all();
  const bad =
    objects.filter(({ health, phase }) => phase === "live" && health !== "ready").length + view.damaged.length;
  if (bad > 0) {
    return {
      status: "failed",
      message: `${bad} of ${objects.length + view.damaged.length} objects are not ready; look with "krstorage fsck ${formatPoolId(id)}"`,
    };
  }
  const skewMs = Math.abs(view.at - session.timing.now());
  if (skewMs > largestSkewMs)
    return { status: "warning", message: `its clock is ${Math.round(skewMs / 1000)} s from this machine's` };
  if (pool.freeBytes < pool.reserveBytes)
    return { status: "warning", message: "its disk is full up to the reserve: purge, delete, or make room" };
  return { status: "ok", message: `${objects.length} objects, clocks agree` };
}
