import * as pulumi from "@pulumi/pulumi";
import type { Connection } from "krstorage";

interface Inputs {
  disk: Connection;
  /** Of a machine whose disks are images in Ceph: who it is there. */
  user?: string;
  keyring?: string;
}
interface State extends Inputs {
  boots: number;
}

/** Where a disk is, in words that stay the same as long as it is the same disk. */
function placeOf(disk: Connection): string {
  return disk.type === "file" ? disk.path : `rbd:${disk.pool}/${disk.image}`;
}

async function bootFromFile(path: string): Promise<number> {
  const { closeSync, openSync, readSync, writeSync } = await import("node:fs");
  const file = openSync(path, "r+");
  const sector = Buffer.alloc(512);
  readSync(file, sector, 0, sector.length, 0);
  const boots = sector.readUInt32LE(0) + 1;
  sector.writeUInt32LE(boots, 0);
  writeSync(file, sector, 0, sector.length, 0);
  closeSync(file);
  return boots;
}

/** The same on an image, by Ceph's own library: what a hypervisor does with it. */
const bootFromImageProgram = `
import struct, sys, rados, rbd
monitors, user, keyring, pool, image = sys.argv[1:]
conf = {"mon_host": monitors, "keyring": keyring, "client_mount_timeout": "30", "rados_osd_op_timeout": "30"}
with rados.Rados(name="client." + user, conffile=rados.Rados.NO_CONF_FILE, conf=conf) as cluster:
    with cluster.open_ioctx(pool) as io, rbd.Image(io, image) as disk:
        boots = struct.unpack("<I", disk.read(0, 4))[0] + 1
        disk.write(struct.pack("<I", boots), 0)
        disk.flush()
        print(boots)
`;

async function bootFromImage(disk: Connection & { type: "rbd" }, user = "admin", keyring = ""): Promise<number> {
  const { execFileSync } = await import("node:child_process");
  const words = [disk.monitors.join(","), user, keyring, disk.pool, disk.image];
  return Number(execFileSync("/usr/bin/python3", ["-I", "-c", bootFromImageProgram, ...words], { timeout: 60_000 }));
}

/** Stands for a virtual machine: it "boots" from the disk that a volume's `connection` names, and counts its boots there. */
class MachineProvider implements pulumi.dynamic.ResourceProvider {
  async create(inputs: Inputs): Promise<pulumi.dynamic.CreateResult> {
    const { disk, user, keyring } = inputs;
    const boots = await (disk.type === "file" ? bootFromFile(disk.path) : bootFromImage(disk, user, keyring));
    return { id: placeOf(disk), outs: { ...inputs, boots } };
  }

  // A disk that grows stays the same disk: its place never changes
  async diff(_id: string, old: State, { disk }: Inputs): Promise<pulumi.dynamic.DiffResult> {
    return { changes: placeOf(old.disk) !== placeOf(disk) };
  }

  async update(_id: string, old: State, inputs: Inputs): Promise<pulumi.dynamic.UpdateResult> {
    return { outs: { ...old, ...inputs } };
  }
}

interface MachineArgs {
  disk: pulumi.Input<Connection>;
  user?: string | undefined;
  keyring?: string | undefined;
}

export class Machine extends pulumi.dynamic.Resource {
  readonly boots!: pulumi.Output<number>;

  constructor(name: string, args: MachineArgs, opts?: pulumi.CustomResourceOptions) {
    super(new MachineProvider(), name, { boots: undefined, ...args }, opts, "quickstart", "Machine");
  }
}
