import * as pulumi from "@pulumi/pulumi";
import type { Connection } from "krstorage";

interface Inputs {
  disk: Connection;
}
interface State extends Inputs {
  boots: number;
}

/** This machine reads files. One that also takes Ceph's images would switch over `type`. */
function fileOf(disk: Connection): string {
  if (disk.type === "file") return disk.path;
  throw new Error(`a disk of type "${disk.type}" is no file`);
}

/** Stands for a virtual machine: it "boots" from the disk that a volume's `connection` names, and counts its boots there. */
class MachineProvider implements pulumi.dynamic.ResourceProvider {
  async create({ disk }: Inputs): Promise<pulumi.dynamic.CreateResult> {
    const { closeSync, openSync, readSync, writeSync } = await import("node:fs");
    const file = openSync(fileOf(disk), "r+");
    const sector = Buffer.alloc(512);
    readSync(file, sector, 0, sector.length, 0);
    const boots = sector.readUInt32LE(0) + 1;
    sector.writeUInt32LE(boots, 0);
    writeSync(file, sector, 0, sector.length, 0);
    closeSync(file);
    return { id: fileOf(disk), outs: { disk, boots } };
  }

  // A disk that grows stays the same disk: its path never changes
  async diff(_id: string, old: State, { disk }: Inputs): Promise<pulumi.dynamic.DiffResult> {
    return { changes: fileOf(old.disk) !== fileOf(disk) };
  }

  async update(_id: string, old: State, { disk }: Inputs): Promise<pulumi.dynamic.UpdateResult> {
    return { outs: { ...old, disk } };
  }
}

export class Machine extends pulumi.dynamic.Resource {
  readonly boots!: pulumi.Output<number>;

  constructor(name: string, args: { disk: pulumi.Input<Connection> }, opts?: pulumi.CustomResourceOptions) {
    super(new MachineProvider(), name, { boots: undefined, ...args }, opts, "quickstart", "Machine");
  }
}
