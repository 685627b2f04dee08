import { z } from "zod";
import { hasCode } from "../../model/errors";
import { readCommandAnswer } from "./answers";
import type { Worker } from "./worker";

const text = z.string();
const filesystemList = z.array(z.looseObject({ name: text }));
const cloneStatus = z.object({ status: z.looseObject({ state: text }) });
const userList = z.array(z.record(text, text));
const named = z.array(z.object({ name: text }));
const subvolumeInfo = z.looseObject({
  path: text.optional(),
  bytes_quota: z.union([z.number(), z.literal("infinite")]).optional(),
});
const monitorMap = z.looseObject({
  mons: z.array(
    z.looseObject({
      public_addrs: z.looseObject({ addrvec: z.array(z.looseObject({ type: text, addr: text })) }),
    }),
  ),
});
const subvolumesFound = z.record(
  text,
  z.object({ folders: z.record(text, z.number().nullable()), snapshots: z.array(text) }),
);
const sessions = z.array(
  z.object({ client: z.number(), user: text, host: text, root: text, mountPoint: text.nullable() }),
);

/** A CephFS subvolume, by its name in a group. */
export interface Subvolume {
  filesystem: string;
  group: string;
  name: string;
}
/** What is there of some subvolumes, by name: the folders in them with their quotas in bytes, and the snapshots. */
export type SubvolumesFound = z.infer<typeof subvolumesFound>;
/** Somebody who has something of a file system mounted. `root` is the folder of it that they see as theirs. */
export type Session = z.infer<typeof sessions>[number];

/** What the driver asks of a cluster's file systems, one method a request. Subvolumes are the manager's: without one nothing of them changes. */
export class Filesystems {
  constructor(
    private readonly worker: Worker,
    /** The backend's name, for messages. */
    private readonly backend: string,
  ) {}

  async names(): Promise<string[]> {
    const command = { prefix: "fs ls", format: "json" };
    return (await this.json("command", command, filesystemList, "listing the file systems of")).map(({ name }) => name);
  }
  /** The addresses of the monitors as mount commands take them: those of the protocol that every client speaks, if they have such. */
  async monitors(): Promise<{ addresses: string[]; protocol: "v1" | "v2" }> {
    const command = { prefix: "mon dump", format: "json" };
    const { mons } = await this.json("command", command, monitorMap, "reading the monitors of");
    for (const protocol of ["v1", "v2"] as const) {
      const addresses = mons.flatMap(
        ({ public_addrs: { addrvec } }) => addrvec.find(({ type }) => type === protocol)?.addr ?? [],
      );
      if (addresses.length > 0) return { addresses, protocol };
    }
    return { addresses: [], protocol: "v1" };
  }

  /** Nothing happens where it is there. */
  async createGroup({ filesystem, group }: Omit<Subvolume, "name">): Promise<void> {
    const command = { prefix: "fs subvolumegroup create", vol_name: filesystem, group_name: group };
    await this.manager(command, "making", this.group(filesystem, group));
  }
  /** Refused while anything is in it. False where there was none. */
  async removeGroup({ filesystem, group }: Omit<Subvolume, "name">): Promise<boolean> {
    const command = { prefix: "fs subvolumegroup rm", vol_name: filesystem, group_name: group };
    return wasThere(this.manager(command, "removing", this.group(filesystem, group)));
  }
  /** The names of what is in a group; none where there is no such group. */
  async subvolumes({ filesystem, group }: Omit<Subvolume, "name">): Promise<string[]> {
    const command = { prefix: "fs subvolume ls", vol_name: filesystem, group_name: group, format: "json" };
    try {
      const found = await this.json("manager", command, named, "listing", this.group(filesystem, group));
      return found.map(({ name }) => name);
    } catch (error) {
      if (hasCode(error, "NOT_FOUND")) return [];
      throw error;
    }
  }
  /** What is there of these subvolumes, in one request; those that are not there are left out. */
  async look(filesystem: string, group: string, names: string[]): Promise<SubvolumesFound> {
    const [what, target] = ["looking at the shares in", this.group(filesystem, group)];
    try {
      return await this.worker.request("subvolumes", { filesystem, group, names }, subvolumesFound, what, target);
    } catch (error) {
      if (await this.isGone(filesystem, error)) return {};
      throw error;
    }
  }

  /** As `look` for a single one, by the manager: it has no need to wait for what it has itself just changed. Undefined where it is not there. */
  async lookAt(at: Subvolume): Promise<SubvolumesFound[string] | undefined> {
    const [what, target] = ["looking at", this.where(at)];
    const ask = <Result>(prefix: string, schema: z.ZodType<Result>) =>
      this.json("manager", { prefix, ...placed(at), format: "json" }, schema, what, target);
    try {
      const [info, snapshots] = await Promise.all([
        ask("fs subvolume info", subvolumeInfo),
        ask("fs subvolume snapshot ls", named),
      ]);
      const { path, bytes_quota: quota } = info;
      return {
        // One that is kept for its snapshots alone has no folder any more
        folders: path === undefined ? {} : { [path.split("/").at(-1) ?? ""]: typeof quota === "number" ? quota : null },
        snapshots: snapshots.map(({ name }) => name),
      };
    } catch (error) {
      if (hasCode(error, "NOT_FOUND")) return undefined;
      throw error;
    }
  }

  /** Not exclusive in Ceph, where a second one changes the quota of the first: only for names that are nobody else's. */
  async create(at: Subvolume, sizeBytes: number): Promise<void> {
    const command = { prefix: "fs subvolume create", ...placed(at), size: sizeBytes, namespace_isolated: true };
    await this.manager(command, "making", this.where(at));
  }
  /** The folder of it that holds the files, as an absolute path in the file system. */
  async path(at: Subvolume): Promise<string> {
    return (
      await this.manager({ prefix: "fs subvolume getpath", ...placed(at) }, "looking for", this.where(at))
    ).trim();
  }
  /** Sets the quota. Lowers it too, if less is used: whoever calls this knows that it does not. */
  async resize(at: Subvolume, sizeBytes: number): Promise<void> {
    const command = { prefix: "fs subvolume resize", ...placed(at), new_size: String(sizeBytes), no_shrink: true };
    await this.manager(command, "growing", this.where(at));
  }
  /** Its files go in the background. False where there was none. With `retain`, what its snapshots hold stays. */
  async remove(at: Subvolume, { retain = false }: { retain?: boolean } = {}): Promise<boolean> {
    const how = retain ? { retain_snapshots: true } : { force: true };
    return wasThere(this.manager({ prefix: "fs subvolume rm", ...placed(at), ...how }, "ending", this.where(at)));
  }

  async createSnapshot(at: Subvolume, snapshot: string): Promise<void> {
    const command = { prefix: "fs subvolume snapshot create", ...placed(at), snap_name: snapshot };
    await this.manager(command, "taking a snapshot of", this.where(at));
  }
  async removeSnapshot(at: Subvolume, snapshot: string): Promise<boolean> {
    const command = { prefix: "fs subvolume snapshot rm", ...placed(at), snap_name: snapshot };
    return wasThere(this.manager(command, "ending a snapshot of", this.where(at)));
  }
  /** Begins to copy. `cloneState` tells how far that is. */
  async clone(from: Subvolume, snapshot: string, to: Subvolume): Promise<void> {
    const target = { target_sub_name: to.name, target_group_name: to.group };
    const command = { prefix: "fs subvolume snapshot clone", ...placed(from), snap_name: snapshot, ...target };
    await this.manager(command, "copying to", this.where(to));
  }
  /** `pending`, `in-progress`, `complete`, `failed` or `canceled`. */
  async cloneState(at: Subvolume): Promise<string> {
    const command = { prefix: "fs clone status", ...cloned(at), format: "json" };
    return (await this.json("manager", command, cloneStatus, "looking at", this.where(at))).status.state;
  }
  async cancelClone(at: Subvolume): Promise<void> {
    await this.manager({ prefix: "fs clone cancel", ...cloned(at) }, "giving up", this.where(at));
  }

  /** Makes the cephx user, or changes what it may do there; its key stays the same. The key is in the answer and goes nowhere. False where the subvolume is gone. */
  async authorize(at: Subvolume, user: string, access: "rw" | "r"): Promise<boolean> {
    const command = { prefix: "fs subvolume authorize", ...placed(at), auth_id: user, access_level: access };
    return wasThere(this.manager(command, "giving access to", this.where(at)));
  }
  /** Ends the cephx user. False where there was none. */
  async deauthorize(at: Subvolume, user: string): Promise<boolean> {
    const command = { prefix: "fs subvolume deauthorize", ...placed(at), auth_id: user };
    return wasThere(this.manager(command, "taking access from", this.where(at)));
  }
  /** Cuts off whoever has it mounted as this user. */
  async evict(at: Subvolume, user: string): Promise<void> {
    const command = { prefix: "fs subvolume evict", ...placed(at), auth_id: user };
    await wasThere(this.manager(command, "closing", this.where(at)));
  }
  /** The cephx users that may reach it. */
  async users(at: Subvolume): Promise<string[]> {
    const command = { prefix: "fs subvolume authorized_list", ...placed(at), format: "json" };
    return (await this.json("manager", command, userList, "looking at", this.where(at))).flatMap((each) =>
      Object.keys(each),
    );
  }
  /** Everybody who has something of a file system mounted, as its servers see it. */
  async sessions(filesystem: string): Promise<Session[]> {
    const [what, target] = ["looking at the clients of", `file system ${filesystem} of ${this.backend}`];
    try {
      return await this.worker.request("sessions", { filesystem }, sessions, what, target);
    } catch (error) {
      if (await this.isGone(filesystem, error)) return [];
      throw error;
    }
  }

  /** Of a request that has failed: whether the file system was removed. It has no shares then, and no clients; the volumes of the pool are there all the same. */
  private async isGone(filesystem: string, error: unknown): Promise<boolean> {
    return hasCode(error, "NOT_FOUND") && !(await this.names()).includes(filesystem);
  }
  private async json<Result>(
    operation: "command" | "manager",
    command: Record<string, unknown>,
    schema: z.ZodType<Result>,
    what: string,
    target = this.backend,
  ): Promise<Result> {
    const out = await this.run(operation, command, what, target);
    return readCommandAnswer(schema, out, { prefix: command.prefix, what, target });
  }
  private manager(command: Record<string, unknown>, what: string, target: string): Promise<string> {
    return this.run("manager", command, what, target);
  }
  private async run(
    operation: "command" | "manager",
    command: Record<string, unknown>,
    what: string,
    target: string,
  ): Promise<string> {
    const answer = z.object({ out: text, text });
    return (await this.worker.request(operation, { command }, answer, what, target)).out;
  }
  private group(filesystem: string, group: string): string {
    return `group ${group} of file system ${filesystem} of ${this.backend}`;
  }
  private where({ filesystem, group, name }: Subvolume): string {
    return `subvolume ${name} in ${this.group(filesystem, group)}`;
  }
}

const placed = ({ filesystem, group, name }: Subvolume) => ({
  vol_name: filesystem,
  group_name: group,
  sub_name: name,
});
const cloned = ({ filesystem, group, name }: Subvolume) => ({
  vol_name: filesystem,
  group_name: group,
  clone_name: name,
});

/** False for what is not there: somebody else has ended it, or an attempt of ours whose answer was lost. */
async function wasThere(ending: Promise<unknown>): Promise<boolean> {
  try {
    await ending;
    return true;
  } catch (error) {
    if (hasCode(error, "NOT_FOUND")) return false;
    throw error;
  }
}
