import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { CephCluster } from "./cephCluster";

/** Uses a cluster past the driver, as its operator and as consumers of volumes do: by Ceph's own libraries. */
const program = `
import base64, json, sys, uuid
import cephfs, rados, rbd
cluster = rados.Rados(name="client.admin", conffile=sys.argv[1])
cluster.connect(timeout=30)
held = {}

def command(c):
    number, out, text = cluster.mon_command(json.dumps(c), b"")
    if number != 0:
        raise Exception("%s: %s" % (c["prefix"], text))
    return out.decode()

def write(a):
    with cluster.open_ioctx(a["pool"]) as io, rbd.Image(io, a["image"]) as image:
        image.write(base64.b64decode(a["bytes"]), a["offset"])
        image.flush()

def read(a):
    with cluster.open_ioctx(a["pool"]) as io, rbd.Image(io, a["image"], read_only=True) as image:
        return base64.b64encode(image.read(a["offset"], a["length"])).decode()

def fill(a):
    """Writes something into each object of an image from one on."""
    with cluster.open_ioctx(a["pool"]) as io, rbd.Image(io, a["image"]) as image:
        step, done = image.stat()["obj_size"], lambda _: None
        writes = [image.aio_write(b"new", at, done) for at in range(a["first"] * step, image.size(), step)]
        for each in writes:
            each.wait_for_complete_and_cb()

def filled(a):
    """Which objects of an image begin with something."""
    with cluster.open_ioctx(a["pool"]) as io, rbd.Image(io, a["image"], read_only=True) as image:
        step = image.stat()["obj_size"]
        return [at // step for at in range(0, image.size(), step) if image.read(at, 3) != bytes(3)]

def has_object(a):
    with cluster.open_ioctx(a["pool"]) as io:
        with rbd.Image(io, a["image"], read_only=True) as image:
            name = "%s.%016x" % (image.block_name_prefix(), a["object"])
        try:
            io.stat(name)
            return True
        except rados.ObjectNotFound:
            return False

def hold(a):
    io = cluster.open_ioctx(a["pool"])
    key = uuid.uuid4().hex
    held[key] = (rbd.Image(io, a.get("image"), image_id=a.get("id")), io)
    return key

def release(a):
    image, io = held.pop(a["key"])
    image.close()
    io.close()

def edit_table(a):
    with cluster.open_ioctx(a["pool"]) as io:
        io.set_namespace("krstorage")
        with rados.WriteOpCtx() as op:
            io.set_omap(op, (a["key"], "gen"), (a["value"].encode(), uuid.uuid4().hex.encode()))
            io.operate_write_op(op, a.get("object", "krstorage.table"))

def drop_object(a):
    with cluster.open_ioctx(a["pool"]) as io:
        io.set_namespace("krstorage")
        io.remove_object(a["object"])

def drop_key(a):
    with cluster.open_ioctx(a["pool"]) as io:
        io.set_namespace("krstorage")
        with rados.WriteOpCtx() as op:
            io.remove_omap_keys(op, (a["key"],))
            io.set_omap(op, ("gen",), (uuid.uuid4().hex.encode(),))
            io.operate_write_op(op, a.get("object", "krstorage.table"))

def read_table(a):
    with cluster.open_ioctx(a["pool"]) as io:
        io.set_namespace("krstorage")
        with rados.ReadOpCtx() as op:
            found, _ = io.get_omap_vals_by_keys(op, (a["key"],))
            io.operate_read_op(op, a.get("object", "krstorage.table"))
            return dict((k, v.decode()) for k, v in found).get(a["key"])

def read_all(a):
    with cluster.open_ioctx(a["pool"]) as io:
        io.set_namespace("krstorage")
        found = {}
        for each in io.list_objects():
            with rados.ReadOpCtx() as op:
                pairs, _ = io.get_omap_vals(op, "", "", 1000)
                io.operate_read_op(op, each.key)
                found[each.key] = dict((k, v.decode(errors="replace")) for k, v in pairs)
        return found

def remove_image(a):
    lib = rbd.RBD()
    with cluster.open_ioctx(a["pool"]) as io:
        with rbd.Image(io, a["image"]) as image:
            for snapshot in list(image.list_snaps()):
                image.remove_snap(snapshot["name"])
        lib.remove(io, a["image"])

def grow_image(a):
    with cluster.open_ioctx(a["pool"]) as io, rbd.Image(io, a["image"]) as image:
        image.resize(a["sizeBytes"], allow_shrink=False)

def images(a):
    with cluster.open_ioctx(a["pool"]) as io:
        return [each["name"] for each in rbd.RBD().list2(io)]

def pretend_snapshots(a):
    """Some numbers more among those of an image's snapshots, as its header has them. It cannot be opened any more."""
    with cluster.open_ioctx(a["pool"]) as io, rados.WriteOpCtx() as op:
        keys = tuple("snapshot_%016x" % (2 ** 32 + number) for number in range(a["count"]))
        io.set_omap(op, keys, tuple(b"" for _ in keys))
        io.operate_write_op(op, "rbd_header." + a["id"])

def snap(a):
    with cluster.open_ioctx(a["pool"]) as io, rbd.Image(io, a["image"]) as image:
        image.create_snap(a["snapshot"])

def settings(a):
    with cluster.open_ioctx(a["pool"]) as io, rbd.Image(io, a["image"], read_only=True) as image:
        return dict((k, v) for k, v in image.metadata_list())

def manager(c):
    number, out, text = cluster.mgr_command(json.dumps(c), b"")
    if number != 0:
        raise Exception("%s: %s" % (c["prefix"], text))
    return out.decode()

class Mounted:
    """A share as its consumer has it, for as long as it is needed."""
    def __init__(self, a):
        # One that rests between its ticks takes two seconds to unmount
        cluster.conf_set("client_tick_interval", "0")
        self.fs = cephfs.LibCephFS(rados_inst=cluster)
        self.fs.mount(mount_root=a["path"].encode(), filesystem_name=a["filesystem"].encode())
    def __enter__(self):
        return self.fs
    def __exit__(self, *_):
        self.fs.shutdown()

def put_file(a):
    with Mounted(a) as fs:
        folder = a["file"].rpartition("/")[0]
        if folder:
            try:
                fs.mkdirs("/" + folder, 0o755)
            except cephfs.ObjectExists:
                pass
        file = fs.open("/" + a["file"], "w", 0o644)
        fs.write(file, a["text"].encode(), 0)
        fs.fsync(file, 0)
        fs.close(file)

def get_file(a):
    with Mounted(a) as fs:
        try:
            file = fs.open("/" + a["file"], "r", 0)
        except cephfs.ObjectNotFound:
            return None
        return fs.read(file, 0, 2 ** 20).decode()

def put_link(a):
    with Mounted(a) as fs:
        fs.symlink(a["target"], "/" + a["file"])

def get_link(a):
    with Mounted(a) as fs:
        try:
            return fs.readlink("/" + a["file"], 4096).decode()
        except (cephfs.ObjectNotFound, cephfs.InvalidValue):
            return None

def hold_share(a):
    key = uuid.uuid4().hex
    held[key] = Mounted(a)
    held[key].fs.open("/open", "w", 0o644)
    cluster.conf_set("client_tick_interval", "1")
    return key

def release_share(a):
    held.pop(a["key"]).fs.shutdown()

def groups():
    """Those of the driver. Without asking the manager, which a test may have killed."""
    for filesystem in json.loads(command({"prefix": "fs ls", "format": "json"})):
        with Mounted({"filesystem": filesystem["name"], "path": "/"}) as fs:
            try:
                folder = fs.opendir("/volumes")
            except cephfs.ObjectNotFound:
                continue
            found = []
            each = fs.readdir(folder)
            while each:
                found.append(each.d_name.decode())
                each = fs.readdir(folder)
        for name in found:
            if name.startswith("krs."):
                yield {"vol_name": filesystem["name"], "group_name": name}

def subvolumes(group):
    return [each["name"] for each in json.loads(manager(dict(group, prefix="fs subvolume ls", format="json")))]

def remove_subvolume(group, name):
    at = dict(group, sub_name=name)
    for each in json.loads(manager(dict(at, prefix="fs subvolume snapshot ls", format="json"))):
        manager(dict(at, prefix="fs subvolume snapshot rm", snap_name=each["name"], force=True))
    manager(dict(at, prefix="fs subvolume rm", force=True))

def remove_share(a):
    for group in groups():
        for name in subvolumes(group):
            if name.endswith("." + a["uid"]):
                remove_subvolume(group, name)

def clean_shares(a):
    for group in groups():
        for name in subvolumes(group):
            try:
                remove_subvolume(group, name)
            except Exception:
                # Snapshots that were kept went, and their subvolume with the last of them
                pass
        manager(dict(group, prefix="fs subvolumegroup rm", force=True))
    for each in json.loads(command({"prefix": "auth ls", "format": "json"}))["auth_dump"]:
        if each["entity"].startswith("client.krs."):
            command({"prefix": "auth del", "entity": each["entity"]})

for line in sys.stdin:
    request = json.loads(line)
    try:
        # A name may be another pool's by now
        cluster.wait_for_latest_osdmap()
        result = {"result": globals()[request["do"]](request["args"])}
    except Exception as error:
        result = {"error": "%s: %s" % (type(error).__name__, error)}
    print(json.dumps(result), flush=True)
`;

export class CephUser {
  private child: ChildProcessWithoutNullStreams | undefined;
  private readonly waiting: ((line: string) => void)[] = [];

  constructor(private readonly cluster: () => CephCluster) {}

  do(name: string, args: Record<string, unknown>): Promise<unknown> {
    const child = this.started();
    return new Promise((settle, fail) => {
      this.waiting.push((line) => {
        const { result, error } = JSON.parse(line) as { result?: unknown; error?: string };
        if (error === undefined) settle(result);
        else fail(new Error(error));
      });
      child.stdin.write(`${JSON.stringify({ do: name, args })}\n`);
    });
  }

  async command(command: Record<string, unknown>): Promise<string> {
    return (await this.do("command", command)) as string;
  }

  /** Removes every share, and every pool but those of the file system. */
  async clean(): Promise<void> {
    await this.do("clean_shares", {});
    const pools = JSON.parse(await this.command({ prefix: "osd pool ls", format: "json" })) as string[];
    for (const pool of pools.filter((name) => !name.startsWith("cephfs.")))
      await this.command({ prefix: "osd pool delete", pool, pool2: pool, yes_i_really_really_mean_it: true });
  }

  close(): void {
    this.child?.stdin.end();
    this.child = undefined;
  }

  private started(): ChildProcessWithoutNullStreams {
    if (this.child) return this.child;
    const child = spawn("/usr/bin/python3", ["-I", "-c", program, this.cluster().conf], { stdio: "pipe" });
    let complaint = "";
    child.stderr.on("data", (chunk) => {
      complaint += chunk;
    });
    child.on("exit", () => {
      for (const answer of this.waiting.splice(0)) answer(JSON.stringify({ error: `ended: ${complaint}` }));
    });
    createInterface({ input: child.stdout }).on("line", (line) => this.waiting.shift()?.(line));
    this.child = child;
    return child;
  }
}
