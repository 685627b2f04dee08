import { usingStorage } from "../../engine/support/usingStorage";
import { cephConfig } from "./cephBackend";
import type { CephCluster } from "./cephCluster";
import type { CephUser } from "./cephUser";

/** What is in the pool `ssd` of a cluster: as its records tell, and as the cluster has it past them. */
export interface Census {
  /** Names of what is live and as it should be. */
  ready: string[];
  /** What is anything else, with why. */
  others: string[];
  /** Images whose name is not that of exactly one record, and records without their image. */
  strays: string[];
  /** What a check finds. */
  findings: string[];
}

/** How long an object that is being made is its maker's: who was killed leaves such. */
const leaseMs = 6_000;

/**
 * Counts the pool's objects. First what interrupted runs have left half-made is undone, as the next one who wants its name, or a
 * repair, would do.
 */
export async function census(cluster: CephCluster, user: CephUser): Promise<Census> {
  await new Promise((resolve) => setTimeout(resolve, leaseMs + 500));
  return usingStorage(cephConfig(cluster), async (storage) => {
    await storage.fsck("main/ssd", { repair: true });
    const findings = await storage.fsck("main/ssd");
    const objects = await storage.list("main/ssd");
    const isReady = ({ phase, status }: { phase: string; status: string }) => phase === "live" && status === "ready";
    const images = (await user.do("images", { pool: "ssd" })) as string[];
    const recorded = objects
      .filter(({ kind, phase }) => kind === "volume" && phase === "live")
      .map(({ id, uid }) => `${id.slice("main/ssd/".length)}.${uid}`);
    return {
      ready: objects
        .filter(isReady)
        .map(({ id }) => id.slice("main/ssd/".length))
        .sort(),
      others: objects.filter((each) => !isReady(each)).map(({ id, phase, status }) => `${id} ${phase} ${status}`),
      strays: [
        ...images.filter((image) => recorded.filter((each) => each === image).length !== 1),
        ...recorded.filter((each) => !images.includes(each)),
      ],
      findings: findings.map(({ object, message }) => `${object}: ${message}`),
    };
  });
}

/** Exactly these objects, none twice, and nothing else. */
export function exactly(names: string[]): Census {
  return { ready: [...names].sort(), others: [], strays: [], findings: [] };
}
