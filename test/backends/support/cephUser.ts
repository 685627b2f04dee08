import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { CephCluster } from "./cephCluster";

/** Uses a cluster past the driver, as its operator and as consumers of volumes do: by Ceph's own libraries. */
const program = `
import base64, json, sys, uuid
import rados, rbd
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

def hold(a):
    io = cluster.open_ioctx(a["pool"])
    key = uuid.uuid4().hex
    held[key] = (rbd.Image(io, a["image"]), io)
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
            io.operate_write_op(op, "krstorage.table")

def drop_key(a):
    with cluster.open_ioctx(a["pool"]) as io:
        io.set_namespace("krstorage")
        with rados.WriteOpCtx() as op:
            io.remove_omap_keys(op, (a["key"],))
            io.set_omap(op, ("gen",), (uuid.uuid4().hex.encode(),))
            io.operate_write_op(op, "krstorage.table")

def read_table(a):
    with cluster.open_ioctx(a["pool"]) as io:
        io.set_namespace("krstorage")
        with rados.ReadOpCtx() as op:
            found, _ = io.get_omap_vals_by_keys(op, (a["key"],))
            io.operate_read_op(op, "krstorage.table")
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

def images(a):
    with cluster.open_ioctx(a["pool"]) as io:
        return [each["name"] for each in rbd.RBD().list2(io)]

def snap(a):
    with cluster.open_ioctx(a["pool"]) as io, rbd.Image(io, a["image"]) as image:
        image.create_snap(a["snapshot"])

def settings(a):
    with cluster.open_ioctx(a["pool"]) as io, rbd.Image(io, a["image"], read_only=True) as image:
        return dict((k, v) for k, v in image.metadata_list())

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

  /** Removes every pool. */
  async clean(): Promise<void> {
    const pools = JSON.parse(await this.command({ prefix: "osd pool ls", format: "json" })) as string[];
    for (const pool of pools)
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
