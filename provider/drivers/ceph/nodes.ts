import type { Device, Health, HealthCheck, HealthStatus, Nodes, StorageNode } from "../driver";
import type { Cluster, ClusterHealth, OsdTree } from "./cluster";

type TreeNode = OsdTree["nodes"][number];

/**
 * The cluster as its monitors know it: three of their answers, whatever its size. The manager is not asked, so that this works when
 * it is away.
 */
export async function readNodes(cluster: Cluster): Promise<Nodes> {
  const [health, tree, usage] = await Promise.all([cluster.health(), cluster.osdTree(), cluster.usage()]);
  const classes = Object.entries(usage.stats_by_class).map(([name, room]) => ({
    name,
    totalBytes: room.total_bytes,
    freeBytes: room.total_avail_bytes,
  }));
  return { health: healthOf(health), nodes: nodesOf(tree), classes: classes.sort(byName) };
}

const statuses: Record<string, HealthStatus> = { HEALTH_OK: "ok", HEALTH_WARN: "warning", HEALTH_ERR: "failing" };

function healthOf({ status, checks }: ClusterHealth): Health {
  return {
    // A word that no release has had so far is nothing to be calm about
    status: statuses[status] ?? "failing",
    word: status,
    checks: Object.entries(checks)
      .map(([code, { severity, summary, muted }]): HealthCheck => {
        const grade = statuses[severity] === "warning" ? "warning" : "failing";
        return { code, status: grade, message: summary.message, isMuted: muted };
      })
      .sort((a, b) => rank(a) - rank(b) || (a.code < b.code ? -1 : 1)),
  };
}

function rank({ status, isMuted }: HealthCheck): number {
  return (isMuted ? 2 : 0) + (status === "failing" ? 0 : 1);
}

/** The OSDs by the host they are on. One that is directly in something else is under that; one that has no place, under none. */
function nodesOf({ nodes: placed, stray }: OsdTree): StorageNode[] {
  const parents = new Map(placed.flatMap((parent) => parent.children.map((child) => [child, parent] as const)));
  const devices = new Map<string, Device[]>();
  for (const node of placed) if (node.type === "host") devices.set(node.name, []);
  for (const osd of [...placed, ...stray].filter(({ type }) => type === "osd")) {
    const where = parents.get(osd.id)?.name ?? "(no host)";
    devices.set(where, [...(devices.get(where) ?? []), deviceOf(osd)]);
  }
  const nodes = [...devices].map(([name, all]): StorageNode => ({ name, devices: all.sort(byName) }));
  return nodes.sort(byName);
}

function deviceOf({ name, device_class: deviceClass, status, reweight }: TreeNode): Device {
  return {
    name,
    ...(deviceClass === undefined || deviceClass === "" ? {} : { class: deviceClass }),
    isUp: status === "up",
    isIn: (reweight ?? 0) > 0,
  };
}

/** Numbers in names count as numbers: osd.2 is before osd.10. */
function byName(a: { name: string }, b: { name: string }): number {
  return a.name.localeCompare(b.name, "en", { numeric: true });
}
