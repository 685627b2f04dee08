import { type CephPool, cephPool } from "../../model/cephPool";
import { KrStorageError } from "../../model/errors";
import type { PoolSettings } from "../record";
import type { OsdTree } from "./cluster";
import { dataPoolName, type Place } from "./place";
import type { Site } from "./site";

/** Of profiles and rules that we have made. They say all that is in them in their name, are shared by pools, and stay. */
const ourPrefix = "krs";
const defaultFailureDomain = "host";

/** The settings that this driver heeds. Throws INVALID_ARGUMENT for what is none, or goes against other settings. */
export function cephSettings(settings: PoolSettings | undefined, where: string): CephPool {
  const parsed = cephPool.safeParse(settings?.ceph ?? {});
  const [issue] = parsed.error?.issues ?? [];
  if (!parsed.success) throw refused(where, issue?.path.join(".") ?? "", issue?.message ?? "cannot be read");
  if (parsed.data.quota && settings?.capacityBytes === undefined)
    throw refused(where, "quota", "there is no capacity that the cluster could hold the pool to; give one");
  return parsed.data;
}

/** What a pool that is made with these settings is in the cluster, as far as that is known before. */
export function plannedPlace({ erasureCode, deviceClass }: CephPool): Place {
  return {
    ...(erasureCode ? { dataPool: { id: -1, ...erasureCode } } : {}),
    ...(deviceClass === undefined ? {} : { deviceClass }),
  };
}

/** Throws INVALID_ARGUMENT where the cluster has no place for each copy or part: such a pool would take no writes. */
export async function requirePlaces(site: Site, settings: CephPool, where: string): Promise<void> {
  const { erasureCode, deviceClass, failureDomain, replicas = site.options.replicas } = settings;
  if (!erasureCode && deviceClass === undefined && failureDomain === undefined) return;
  const seen = await site.cluster.osdTree();
  const of = deviceClass === undefined ? "" : ` of class ${deviceClass}`;
  const osds = countPlaces(seen, "osd", deviceClass);
  if (deviceClass !== undefined && osds === 0) {
    const classes = [...new Set(seen.nodes.flatMap(({ device_class: name }) => name ?? []))].sort();
    throw refused(
      where,
      "deviceClass",
      `the cluster has no OSDs${of}; it has ${classes.join(", ") || "none with a class"}`,
    );
  }
  const domain = failureDomain ?? defaultFailureDomain;
  const places = countPlaces(seen, domain, deviceClass);
  const needs = (key: string, wanted: number, what: string) => {
    if (places >= wanted) return;
    const why = `${wanted} ${what} lie in as many places of type "${domain}" with OSDs${of}, and the cluster has ${places}`;
    throw refused(where, key, `${why}; ask for fewer, or give another failureDomain`);
  };
  if (erasureCode) needs("erasureCode", erasureCode.dataChunks + erasureCode.codingChunks, "parts");
  needs("replicas", replicas, "copies");
}

/** How many buckets of a type have OSDs of a class in them. */
export function countPlaces({ nodes }: Pick<OsdTree, "nodes">, type: string, deviceClass: string | undefined): number {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const holds = (id: number, depth = 0): boolean => {
    const node = byId.get(id);
    if (!node || depth > 20) return false;
    if (node.type === "osd") return deviceClass === undefined || node.device_class === deviceClass;
    return node.children.some((child) => holds(child, depth + 1));
  };
  return nodes.filter((node) => node.type === type && holds(node.id)).length;
}

/** Makes the pool of that name, which nobody else knows yet, and the one that its data is in. What it is then, for its record. */
export async function makeLayout(site: Site, name: string, uid: string, settings: CephPool): Promise<Place> {
  const { cluster, options } = site;
  const { erasureCode, deviceClass, failureDomain, autoscale, pgNum, replicas = options.replicas } = settings;
  const groups = {
    ...(autoscale === undefined ? {} : { autoscale_mode: autoscale }),
    ...(pgNum === undefined ? {} : { pg_num: pgNum }),
  };
  const domain = failureDomain ?? defaultFailureDomain;
  const of = deviceClass === undefined ? "" : `-${deviceClass}`;
  let rule = {};
  if (erasureCode || deviceClass !== undefined || failureDomain !== undefined) {
    rule = { rule: `${ourPrefix}-copies-${domain}${of}` };
    await cluster.createRule(`${ourPrefix}-copies-${domain}${of}`, domain, deviceClass);
  }
  const place = plannedPlace(settings);
  if (erasureCode) {
    const { dataChunks, codingChunks } = erasureCode;
    const profile = `${ourPrefix}-parts-${dataChunks}-${codingChunks}-${domain}${of}`;
    await cluster.setErasureProfile(profile, [
      `k=${dataChunks}`,
      `m=${codingChunks}`,
      `crush-failure-domain=${domain}`,
      ...(deviceClass === undefined ? [] : [`crush-device-class=${deviceClass}`]),
    ]);
    await cluster.createErasureRule(profile, profile);
    const data = dataPoolName(uid);
    await cluster.createPool(data, { pool_type: "erasure", erasure_code_profile: profile, rule: profile, ...groups });
    await cluster.setPool(data, "allow_ec_overwrites", "true");
    await markOurs(site, data, uid);
    place.dataPool = { id: await idOf(site, data), dataChunks, codingChunks };
  }
  await cluster.createPool(name, { pool_type: "replicated", size: replicas, ...rule, ...(erasureCode ? {} : groups) });
  await markOurs(site, name, uid);
  return place;
}

/** What the application says of a pool is how it is known, to people too, that KRStorage made it. */
async function markOurs({ cluster }: Site, name: string, uid: string): Promise<void> {
  await cluster.enableApplication(name, "krstorage");
  await cluster.markPool(name, "uid", uid);
  await cluster.enableApplication(name, "rbd");
}

export async function idOf({ cluster, backend }: Site, name: string): Promise<number> {
  const id = await cluster.poolId(name);
  if (id !== null) return id;
  const target = `${backend}/${name}`;
  throw new KrStorageError("INTERNAL", `${target} was made and is not there`, { target, outcome: "unknown" });
}

function refused(where: string, key: string, message: string): KrStorageError {
  const path = key === "" ? "ceph" : `ceph.${key}`;
  return new KrStorageError("INVALID_ARGUMENT", `${where} cannot be made: ${path}: ${message}`, {
    target: where,
    issues: [{ path, message }],
  });
}
