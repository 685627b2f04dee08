import type { Properties } from "../../../provider/lifecycle/lifecycle";
import type { KindName } from "../../../provider/model/kinds";
import { type Scene, sceneWithPool } from "../support/scene";

const volume = { size: "1GiB", pool: "main/ssd" };
const share = { size: "1GiB", pool: "main/ssd" };
const policy = { schedule: "@daily", retention: { keepDaily: 7 }, targets: ["main/ssd/data"] };

/**
 * Ways to misconfigure a stack, and what its author is told at preview: one line, at the property, with what would be right.
 * The sentences are part of the product. The scene has two pools of 100GiB, and in `main/ssd` a volume `data` and a share `home`.
 */
const mistakes: [what: string, kind: KindName, inputs: Properties, property: string, reason: string][] = [
  ["no size", "volume", { pool: "main/ssd" }, "size", 'missing required property "size"'],
  ["a size without unit", "volume", { ...volume, size: "20" }, "size", '"20" has no unit; did you mean "20GiB"?'],
  [
    "a size in a unit of nobody",
    "volume",
    { ...volume, size: "20Gigs" },
    "size",
    '"20Gigs" has an unknown unit "Gigs"; units are B, KB, MB, GB, TB, PB, KiB, MiB, GiB, TiB, PiB',
  ],
  ["a size as number", "volume", { ...volume, size: 20 }, "size", 'expected a size such as "20GiB"'],
  ["zero size", "volume", { ...volume, size: "0GiB" }, "size", "a volume has at least one byte"],
  [
    "more than fits",
    "volume",
    { ...volume, size: "1TiB" },
    "size",
    "pool main/ssd: 1TiB more does not fit: 93GiB of 95GiB can still be promised (2GiB promised, 100GiB free, 5GiB kept in reserve; limited by the backend's free space)",
  ],
  ["neither pool nor class", "volume", { size: "1GiB" }, "pool", "missing required property: give pool or volumeClass"],
  [
    "a misspelt property",
    "volume",
    { ...volume, sise: "2GiB" },
    "sise",
    'Volume has no property "sise"; did you mean "size"?',
  ],
  [
    "a property of nobody",
    "volume",
    { ...volume, colour: "red" },
    "colour",
    'Volume has no property "colour"; properties are size, pool, volumeClass, name, source, accessModes, qos, labels, deletionProtection, timeouts, adopt, allowDataLoss, recreateIfMissing',
  ],
  [
    "a pool's name for its id",
    "volume",
    { ...volume, pool: "ssd" },
    "pool",
    '"ssd" is not a pool id; write "<backend>/<pool>", such as "main/ssd", or pass the Pool itself',
  ],
  [
    "a backend of nobody",
    "volume",
    { ...volume, pool: "prod/ssd" },
    "pool",
    'there is no backend "prod" in the configuration; backends are main',
  ],
  [
    "a pool of nobody",
    "volume",
    { ...volume, pool: "main/nvme" },
    "pool",
    "there is no pool main/nvme; declare it in this stack and pass the Pool itself (a literal id does not wait for it), or mount its disk",
  ],
  [
    "a name with a slash",
    "volume",
    { ...volume, name: "a/b" },
    "name",
    '"a/b" is not a name; use 1 to 63 of a-z, 0-9, ".", "_", "-", beginning and ending with a letter or digit',
  ],
  [
    "a label key with spaces",
    "volume",
    { ...volume, labels: { "my team": "db" } },
    'labels["my team"]',
    'a label key is 1 to 63 of letters, digits, ".", "_", "-", "/", beginning and ending with a letter or digit',
  ],
  ["a label value as number", "volume", { ...volume, labels: { tier: 1 } }, "labels.tier", "expected a text"],
  [
    "two sources",
    "volume",
    { ...volume, source: { snapshot: "main/ssd/data@a", volume: "main/ssd/data" } },
    "source",
    "give exactly one of snapshot, volume, image",
  ],
  [
    "a source of nobody",
    "volume",
    { ...volume, source: { volume: "main/ssd/none" } },
    "source.volume",
    "there is no main/ssd/none; declare it in this stack and pass the resource itself, or name one that exists",
  ],
  [
    "a source in another pool",
    "volume",
    { ...volume, source: { volume: "main/hdd/data" } },
    "source.volume",
    "main/hdd/data is in another pool than main/ssd; a clone is made in the pool of its source",
  ],
  [
    "a clone smaller than its source",
    "volume",
    { ...volume, size: "512MiB", source: { volume: "main/ssd/data" } },
    "size",
    "512MiB is less than the 1GiB of main/ssd/data; a clone has at least the size of its source",
  ],
  [
    "adopt without a uid",
    "volume",
    { ...volume, adopt: "main/ssd/data" },
    "adopt",
    "expected the uid of an object (32 hexadecimal digits), as printed in its `uid` output",
  ],
  [
    "a timeout without unit",
    "volume",
    { ...volume, timeouts: { create: "10" } },
    "timeouts.create",
    '"10" is not a duration; write a whole number and s, m, h, d or w, such as "24h"',
  ],
  [
    "an access mode of nobody",
    "volume",
    { ...volume, accessModes: ["RWX"] },
    "accessModes[0]",
    "access modes are ReadWriteOnce, ReadOnlyMany, ReadWriteMany, ReadWriteOncePod",
  ],
  [
    "an access mode that the pool cannot do",
    "volume",
    { ...volume, accessModes: ["ReadWriteMany"] },
    "accessModes",
    "volumes of pool main/ssd cannot be ReadWriteMany; they can be ReadWriteOnce, ReadOnlyMany",
  ],
  [
    "total and part limited",
    "volume",
    { ...volume, qos: { iops: 100, readIops: 50 } },
    "qos.iops",
    "give iops, or readIops and writeIops, not both",
  ],
  [
    "a throughput that is a size",
    "volume",
    { ...volume, qos: { throughput: "200MiB" } },
    "qos.throughput",
    '"200MiB" is not a rate; write a number, a unit and "/s", such as "200MiB/s"',
  ],
  [
    "a burst of nothing",
    "volume",
    { ...volume, qos: { burstIops: 50 } },
    "qos.burstIops",
    "lifts iops, which is not limited; give iops too",
  ],
  [
    "a burst below its limit",
    "volume",
    { ...volume, qos: { iops: 100, burstIops: 50 } },
    "qos.burstIops",
    "is less than iops; a burst is at least the limit it lifts",
  ],
  [
    "a class by name",
    "volume",
    { size: "1GiB", volumeClass: "gold" },
    "volumeClass",
    "expected a VolumeClass, its definition, or such data inline",
  ],
  [
    "a pool that is not of the class",
    "volume",
    { ...volume, volumeClass: { pools: ["main/hdd"] } },
    "pool",
    "main/ssd is not a pool of the class, whose pools are main/hdd; leave pool out to have one chosen",
  ],
  [
    "a class none of whose pools has room",
    "volume",
    { size: "1TiB", volumeClass: { name: "gold", pools: ["main/ssd", "main/hdd"] } },
    "volumeClass",
    "no pool of class gold can take it: main/ssd: 1TiB more does not fit: 93GiB of 95GiB can still be promised (2GiB promised, 100GiB free, 5GiB kept in reserve; limited by the backend's free space); main/hdd: 1TiB more does not fit: 95GiB of 95GiB can still be promised (0B promised, 100GiB free, 5GiB kept in reserve; limited by the backend's free space)",
  ],
  ["a class without pools", "volumeClass", { pools: [] }, "pools", "name at least one pool"],
  ["a pool twice", "volumeClass", { pools: ["main/ssd", "main/ssd"] }, "pools", "a pool is named twice"],
  [
    "a schedule without retention",
    "volumeClass",
    { pools: ["main/ssd"], schedule: "@daily" },
    "retention",
    "schedule and retention go together; give retention too, or leave the others out",
  ],
  [
    "access modes that no pool can do",
    "volumeClass",
    { pools: ["main/ssd"], accessModes: ["ReadWriteMany"] },
    "accessModes",
    "no pool of the class can do what it says: volumes of pool main/ssd cannot be ReadWriteMany; they can be ReadWriteOnce, ReadOnlyMany",
  ],
  [
    "a reclaim policy of nobody",
    "volumeClass",
    { pools: ["main/ssd"], reclaimPolicy: "Recycle" },
    "reclaimPolicy",
    'expected "Delete" or "Retain"',
  ],
  [
    "a protocol that the pool does not serve",
    "share",
    { ...share, protocol: "smb" },
    "protocol",
    'pool main/ssd does not serve "smb"; it serves directory, nfs',
  ],
  [
    "a protocol of nobody",
    "share",
    { ...share, protocol: "ftp" },
    "protocol",
    "protocols are directory, cephfs, nfs, smb",
  ],
  [
    "a client that is no network",
    "share",
    { ...share, access: [{ client: "office" }] },
    "access[0].client",
    '"office" is not an address; write a network such as "10.0.0.0/24" or "fd00::/64", or one address',
  ],
  [
    "a network with host bits",
    "share",
    { ...share, access: [{ client: "10.0.0.1/24" }] },
    "access[0].client",
    '"10.0.0.1/24" has bits set beyond its prefix; for one address leave the slash out, for the network write its first address',
  ],
  [
    "a mode of nobody",
    "share",
    { ...share, access: [{ client: "10.0.0.0/24", mode: "rwx" }] },
    "access[0].mode",
    'expected "ro" or "rw"',
  ],
  [
    "a snapshot of a snapshot",
    "snapshot",
    { source: "main/ssd/data@a" },
    "source",
    '"main/ssd/data@a" is not the id of a volume or share; write "<backend>/<pool>/<name>", such as "main/ssd/pgdata"',
  ],
  [
    "a snapshot of nobody",
    "snapshot",
    { source: "main/ssd/none" },
    "source",
    "there is no main/ssd/none; declare it in this stack and pass the resource itself, or name one that exists",
  ],
  [
    "a schedule with four fields",
    "snapshotPolicy",
    { ...policy, schedule: "30 2 * *" },
    "schedule",
    '"30 2 * *" is not a schedule; write five cron fields, such as "30 2 * * *", or one of @hourly, @daily, @weekly, @monthly, @yearly',
  ],
  [
    "an hour that no day has",
    "snapshotPolicy",
    { ...policy, schedule: "30 25 * * *" },
    "schedule",
    '"30 25 * * *" is not a schedule: Invalid value for hour: 25 (0-23)',
  ],
  [
    "a month that no year has",
    "snapshotPolicy",
    { ...policy, schedule: "30 2 1 1-13/2 *" },
    "schedule",
    '"30 2 1 1-13/2 *" is not a schedule: Invalid value for month: 13 (1-12)',
  ],
  [
    "a word for a schedule of nobody",
    "snapshotPolicy",
    { ...policy, schedule: "@nightly" },
    "schedule",
    '"@nightly" is not a schedule; the words are @hourly, @daily, @weekly, @monthly, @yearly',
  ],
  [
    "a day that never comes",
    "snapshotPolicy",
    { ...policy, schedule: "0 0 30 2 *" },
    "schedule",
    '"0 0 30 2 *" never runs: there is no such day',
  ],
  [
    "a time zone by city",
    "snapshotPolicy",
    { ...policy, timezone: "Vienna" },
    "timezone",
    '"Vienna" is not a time zone; did you mean "Europe/Vienna"?',
  ],
  [
    "a retention that keeps nothing",
    "snapshotPolicy",
    { ...policy, retention: {} },
    "retention",
    "keeps nothing; give at least one rule, such as keepDaily: 7",
  ],
  [
    "a retention rule of nobody",
    "snapshotPolicy",
    { ...policy, retention: { keepNightly: 7 } },
    "retention.keepNightly",
    'unknown property "keepNightly"; properties are keepLast, keepHourly, keepDaily, keepWeekly, keepMonthly, keepYearly, keepWithin, keepWithinHourly, keepWithinDaily, keepWithinWeekly, keepWithinMonthly, keepWithinYearly, keepWithinFrom, keepTags',
  ],
  [
    "a target twice",
    "snapshotPolicy",
    { ...policy, targets: ["main/ssd/data", "main/ssd/data"] },
    "targets",
    "a target is named twice",
  ],
  [
    "a target of nobody",
    "snapshotPolicy",
    { ...policy, targets: ["main/ssd/none"] },
    "targets[0]",
    "there is no main/ssd/none; declare it in this stack and pass the resource itself, or name one that exists",
  ],
  [
    "a group where no pool can",
    "snapshotPolicy",
    { ...policy, consistency: "group" },
    "consistency",
    'no pool of its targets can take snapshots of several objects at one instant; use "each"',
  ],
  [
    "a name too long for its snapshots",
    "snapshotPolicy",
    { ...policy, name: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" },
    "name",
    "the name of a policy has at most 32 characters",
  ],
  [
    "a pool in a backend of nobody",
    "pool",
    { backend: "prod" },
    "backend",
    'there is no backend "prod" in the configuration; backends are main',
  ],
  ["a tier of nobody", "pool", { backend: "main", tier: "fast" }, "tier", 'expected "hot", "warm" or "cold"'],
  ["an overcommitment below one", "pool", { backend: "main", maxOvercommit: 0.5 }, "maxOvercommit", "at least 1"],
  [
    "an image in a relative place",
    "volume",
    { ...volume, source: { image: { path: "images/debian.raw", format: "raw" } } },
    "source.image.path",
    'expected an absolute path, such as "/srv/images/debian.raw"',
  ],
  [
    "an image in another format",
    "volume",
    { ...volume, source: { image: { path: "/images/debian.qcow2", format: "qcow2" } } },
    "source.image.format",
    'the format is "raw"; convert other images first (qemu-img convert -f qcow2 -O raw)',
  ],
  [
    "an image of nobody",
    "volume",
    { ...volume, source: { image: { path: "/images/none.raw", format: "raw" } } },
    "source.image",
    "there is no file /images/none.raw on the backend's host",
  ],
  [
    "a volume smaller than its image",
    "volume",
    { ...volume, source: { image: { path: "/images/debian.raw", format: "raw" } } },
    "size",
    '1GiB is less than the 2GiB of /images/debian.raw; declare size: "2GiB" or more',
  ],
];

test.each(mistakes)("%s", async (_what, kind, inputs, property, reason) => {
  expect(await (await begin()).check(kind, "x", inputs)).toEqual([{ property, reason }]);
});

async function begin(): Promise<Scene> {
  const scene = await sceneWithPool();
  await scene.create("pool", "hdd", { backend: "main", name: "hdd" });
  await scene.volume("data");
  await scene.share("home");
  scene.disk.images.set("/images/debian.raw", 2 * 2 ** 30);
  return scene.nextRun();
}
