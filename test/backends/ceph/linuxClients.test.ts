import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { StoredObject } from "../../../provider/drivers/driver";
import type { ShareConnection } from "../../../provider/model/share";
import { type Bench, call, matchOf, refOf } from "../../../provider/testing/bench";
import { cephHarness } from "../../contract/harnesses/ceph";
import { root } from "../../engine/support/example";
import { fencedBlocks } from "../../support/markdown";
import { describeWith } from "../../support/requires";
import { sha256, withBench } from "../support/cephBench";
import { clusterForTests } from "../support/cephCluster";
import { secretOf } from "../support/fuseMount";
import { LinuxGuest } from "../support/linuxGuest";
import { refusal } from "../support/refusal";

type CephfsConnection = Extract<ShareConnection, { type: "cephfs" }>;
type RbdConnection = { monitors: string[]; user: string; pool: string; image: string };
const mib = 2 ** 20;

describeWith({ needs: ["ceph", "umlCeph"] }, "ceph: Linux's own clients, with connection and key alone", () => {
  const cluster = clusterForTests();
  const harness = cephHarness(cluster);
  let bench: Bench;
  let guest: LinuxGuest;

  withBench(harness, 60_000, (made) => {
    bench = made;
  });
  beforeEach(async () => {
    guest = await LinuxGuest.boot();
  }, 60_000);
  afterEach(() => guest.end());

  const connectionOf = ({ connection }: StoredObject) => connection as CephfsConnection;
  /** Mounts a share by the very command of its connection. */
  const mount = async (share: StoredObject) => {
    const { user, mountCommand } = connectionOf(share);
    const key = secretOf(connectionOf(share), cluster());
    await guest.run(`mkdir -p /mnt/${share.record.name}; echo '${key}' > /etc/ceph/client.${user}.secret`);
    await guest.run(mountCommand);
  };
  /** Maps a volume as the user of its pool, or of another one's. The device. */
  const map = async (volume: StoredObject, { as = { volume, ref: bench.ref }, options = "noudev" } = {}) => {
    const { monitors, pool, image } = volume.connection as RbdConnection;
    const { user } = as.volume.connection as RbdConnection;
    const key = await bench.driver.key(as.ref, as.volume.record.uid, call());
    const keyring = `/etc/ceph/ceph.client.${user}.keyring`;
    await guest.run(`echo '[client.${user}]\n\tkey = ${key}' > ${keyring}; modprobe rbd`);
    const who = `--conf /dev/null --mon-host ${monitors.join(",")} --id ${user} --keyring ${keyring}`;
    return (await guest.run(`rbd ${who} device map --options ${options} ${pool}/${image}`)).trim();
  };

  test("a share: files pass both ways; it stops at its quota, goes on when it has grown, and is not deleted meanwhile", async () => {
    const share = await bench.share("files", { sizeBytes: 8 * mib });
    const text = randomBytes(300_000).toString("base64");
    await harness.putFile?.(share, "theirs", text);
    await mount(share);
    expect(await guest.run("sha256sum /mnt/files/theirs")).toContain(sha256(Buffer.from(text)));
    await guest.run("head -c 300000 /dev/urandom | base64 > /mnt/files/ours; sync -f /mnt/files");
    const read = Buffer.from((await harness.getFile?.(share, "ours")) ?? "");
    expect(read.length).toBeGreaterThan(300_000);
    expect(await guest.run("sha256sum /mnt/files/ours")).toContain(sha256(read));
    const fill = "dd if=/dev/zero of=/mnt/files/more bs=1M count=32 conv=fsync";
    await expect(guest.run(fill)).rejects.toThrow("Disk quota exceeded");
    await bench.driver.grow(bench.ref, matchOf(share), 128 * mib, call());
    await guest.run(fill);
    const error = await refusal(bench.driver.trash(bench.ref, matchOf(share), 1000, call()));
    const holder = `${connectionOf(share).user} on guest`;
    expect([error.code, error.message]).toEqual(["IN_USE", expect.stringContaining(holder)]);
    await guest.run("umount /mnt/files");
    await bench.trash(share);
    await expect(guest.run(connectionOf(share).mountCommand)).rejects.toThrow("mount error");
  }, 120_000);

  test("the key of one share opens no other", async () => {
    const [mine, theirs] = [await bench.filledShare("mine", "mine"), await bench.filledShare("theirs", "theirs")];
    await mount(mine);
    const { user, mountCommand } = connectionOf(theirs);
    await guest.run("mkdir /mnt/theirs");
    await expect(guest.run(mountCommand.replaceAll(user, connectionOf(mine).user))).rejects.toThrow(
      "Permission denied",
    );
    await mount(theirs);
    expect(await guest.run("cat /mnt/*/*/*")).toBe("minetheirs");
  }, 120_000);

  test("a volume: bytes pass both ways, also to a clone; it grows under its user, and is not deleted meanwhile", async () => {
    const hashOf = async (volume: StoredObject) => sha256(Buffer.from(await harness.readBytes(volume, 0, bench.unit)));
    const volume = await bench.stampedVolume("data", "from outside");
    const device = await map(volume);
    expect(await guest.run(`sha256sum ${device}`)).toContain(await hashOf(volume));
    await guest.run(`dd if=/dev/urandom of=${device} bs=64K count=4 conv=fsync`);
    const written = await hashOf(volume);
    expect(await guest.run(`sha256sum ${device}`)).toContain(written);
    const clone = await bench.clone(await bench.snapshot(volume, "one"), "copy");
    expect(await guest.run(`sha256sum ${await map(clone)}`)).toContain(written);
    await bench.driver.grow(bench.ref, matchOf(volume), 2 * bench.unit, call());
    await guest.run(`while [ $(blockdev --getsize64 ${device}) != ${2 * bench.unit} ]; do sleep 0.1; done`);
    expect((await refusal(bench.driver.trash(bench.ref, matchOf(clone), 1000, call()))).code).toBe("IN_USE");
    await guest.run("for each in /dev/rbd[0-9]; do rbd device unmap --options noudev $each; done");
    await bench.trash(clone);
  }, 120_000);

  test("the key of one pool's volumes maps none of another pool", async () => {
    const mine = await bench.volume("mine");
    const other = refOf(await bench.newPool());
    const theirs = await bench.volume("theirs", {}, other);
    await expect(map(theirs, { as: { volume: mine, ref: bench.ref } })).rejects.toThrow("Operation not permitted");
    expect(await map(theirs, { as: { volume: theirs, ref: other } })).toMatch(/^\/dev\/rbd/);
  }, 120_000);

  test("a cluster that encrypts, and whose monitors speak the second protocol alone", async () => {
    const [share, volume] = [await bench.filledShare("files", "kept"), await bench.stampedVolume("data", "kept")];
    const [v1] = connectionOf(share).monitors;
    const [v2] = cluster().monitors;
    const env = { ...process.env, CEPH_CONF: cluster().conf };
    const asAdministrator = (text: string) => execFileSync("sh", ["-e", "-c", text], { env, stdio: "pipe" });
    const documented = fencedBlocks(readFileSync(join(root, "docs", "backends", "ceph.md"), "utf8"), "sh");
    const encrypt = documented.find((block) => block.includes("ms_service_mode secure")) as string;
    asAdministrator(encrypt);
    asAdministrator(`ceph mon set-addrs a '[v2:${v2}]'`);
    try {
      const [seen] = (await bench.named("files")) as [StoredObject];
      expect(connectionOf(seen).monitors).toEqual([v2]);
      await mount(seen);
      expect(await guest.run("cat /mnt/files/*/*; umount /mnt/files")).toBe("kept");
      // The proof that it is encrypted: whoever would not be is refused
      const plainly = connectionOf(seen).mountCommand.replace("ms_mode=prefer-crc", "ms_mode=crc");
      expect(plainly).not.toBe(connectionOf(seen).mountCommand);
      await expect(guest.run(plainly)).rejects.toThrow("mount error");
      await expect(map(volume, { options: "noudev,ms_mode=crc" })).rejects.toThrow("map failed");
      const device = await map(volume, { options: "noudev,ms_mode=secure" });
      const stamp = sha256(Buffer.from(await harness.readBytes(volume, 0, 4096)));
      expect(await guest.run(`head -c 4096 ${device} | sha256sum`)).toContain(stamp);
    } finally {
      asAdministrator(`ceph mon set-addrs a '[v2:${v2},v1:${v1}]'`);
      asAdministrator(encrypt.replaceAll(/config set global (\S+) secure/g, "config rm global $1"));
    }
  }, 120_000);
});
