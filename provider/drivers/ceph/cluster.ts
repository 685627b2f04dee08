import { z } from "zod";
import { hasCode, KrStorageError } from "../../model/errors";
import { registerSecret } from "../../model/redact";
import { readCommandAnswer } from "./answers";
import { Joined } from "./joined";
import type { Worker } from "./worker";

const text = z.string();
const pairs = z.array(z.tuple([text, text]));
const poolList = z.array(
  z.looseObject({
    pool_id: z.int(),
    pool_name: text,
    size: z.number(),
    quota_max_bytes: z.number(),
    /** 1 is replicated, 3 erasure-coded. */
    type: z.int(),
    flags_names: text,
    pool_snaps: z.array(z.looseObject({ name: text })).default([]),
    application_metadata: z.record(text, z.record(text, text)),
  }),
);
const room = z.looseObject({ total_bytes: z.number(), total_avail_bytes: z.number() });
const usage = z.looseObject({
  stats: room,
  stats_by_class: z.record(text, room).default({}),
  pools: z.array(z.looseObject({ id: z.int(), stats: z.looseObject({ stored: z.number(), max_avail: z.number() }) })),
});
const health = z.looseObject({
  status: text,
  checks: z.record(
    text,
    z.looseObject({ severity: text, summary: z.looseObject({ message: text }), muted: z.boolean() }),
  ),
});
const treeNode = z.looseObject({
  id: z.int(),
  name: text,
  type: text,
  children: z.array(z.int()).default([]),
  device_class: text.optional(),
  status: text.optional(),
  reweight: z.number().optional(),
});
const osdTree = z.looseObject({ nodes: z.array(treeNode), stray: z.array(treeNode) });
const versions = z.looseObject({ overall: z.record(text, z.number()) });
const imagesFound = z.object({
  found: z.record(text, z.tuple([z.number(), z.array(z.number()), z.record(text, text)])),
  trash: z.array(text),
});
const poolNames = z.object({ images: pairs, trash: pairs, namespaces: z.array(text) });
const rollbackOutcome = z.enum(["done", "open", "settled"]);
const trashOutcome = z.enum(["ended", "needed", "elsewhere"]);
const watchers = z.array(z.object({ address: text, client: z.number() }));
/** The numbers of clients. */
const rollCall = z.object({ answered: z.array(z.number()), silent: z.array(z.number()) });

/** A pool of the cluster as it describes it. */
export type ClusterPool = z.infer<typeof poolList>[number];
export type Usage = z.infer<typeof usage>;
export type ClusterHealth = z.infer<typeof health>;
/** Where OSDs stand, as the cluster places data: hosts and what they are part of. OSDs without a place are `stray`. */
export type OsdTree = z.infer<typeof osdTree>;
export type ImagesFound = z.infer<typeof imagesFound>;
export type Watcher = z.infer<typeof watchers>[number];
type RollCall = z.infer<typeof rollCall>;

/** What the driver asks of a cluster, one method a request; every answer is checked. Pools are named by id, images by theirs. */
export class Cluster {
  /** What many ask for at the same time, and is the same for all of them. */
  private readonly joined = new Map<string, Joined<unknown>>();
  /** By pool, of those who look at single images. */
  private readonly looks = new Map<number, Joined<ImagesFound, string>>();

  constructor(
    private readonly worker: Worker,
    /** The backend's name, for messages. */
    readonly backend: string,
  ) {}

  // The cluster

  fsid(): Promise<string> {
    return this.join("fsid", () => this.ask("fsid", {}, text, "reading the identity of", this.backend));
  }
  usage(): Promise<Usage> {
    return this.join("usage", () => this.mon({ prefix: "df", format: "json" }, usage, "reading the usage of"));
  }
  async health(): Promise<ClusterHealth> {
    return this.mon({ prefix: "health", detail: "detail", format: "json" }, health, "reading the health of");
  }
  async osdTree(): Promise<OsdTree> {
    return this.mon({ prefix: "osd tree", format: "json" }, osdTree, "listing the OSDs of");
  }
  pools(): Promise<ClusterPool[]> {
    const command = { prefix: "osd pool ls", detail: "detail", format: "json" };
    return this.join("pools", () => this.mon(command, poolList, "listing the pools of"));
  }
  /** What the daemons say they are, such as "ceph version 16.2.15 (…) pacific (stable)". */
  async versions(): Promise<string[]> {
    return Object.keys(
      (await this.mon({ prefix: "versions", format: "json" }, versions, "reading the versions of")).overall,
    );
  }
  /** The addresses of the monitors, as clients are given them. */
  monitors(): Promise<string> {
    return this.ask("monitors", {}, text, "reading the addresses of", this.backend);
  }
  /** The id that a name has in the cluster's latest map. */
  poolId(name: string): Promise<number | null> {
    const ask = () => this.ask("pool_id", { name }, z.int().nullable(), "looking for", this.where(name));
    return this.join(`id of ${name}`, ask);
  }
  async createPool(name: string, how: Record<string, unknown>): Promise<void> {
    await this.command({ prefix: "osd pool create", pool: name, ...how }, "making", this.where(name));
  }
  /** A rule that puts every copy into another bucket of that type, on OSDs of a class. One of that name stays as it is. */
  async createRule(name: string, bucket: string, deviceClass: string | undefined): Promise<void> {
    const of = deviceClass === undefined ? {} : { class: deviceClass };
    const command = { prefix: "osd crush rule create-replicated", name, root: "default", type: bucket, ...of };
    await this.command(command, "making the placement rule", name);
  }
  /** A rule for pools of a profile. One of that name stays as it is. */
  async createErasureRule(name: string, profile: string): Promise<void> {
    await this.command({ prefix: "osd crush rule create-erasure", name, profile }, "making the placement rule", name);
  }
  /** A profile of that name that says the same stays; another one is refused. */
  async setErasureProfile(name: string, profile: string[]): Promise<void> {
    await this.command({ prefix: "osd erasure-code-profile set", name, profile }, "making the profile", name);
  }
  async setPool(pool: string, key: string, value: string): Promise<void> {
    await this.command({ prefix: "osd pool set", pool, var: key, val: value }, "setting up", this.where(pool));
  }
  /** 0 takes it off. */
  async setQuota(pool: string, bytes: number): Promise<void> {
    const command = { prefix: "osd pool set-quota", pool, field: "max_bytes", val: String(bytes) };
    await this.command(command, "setting the quota of", this.where(pool));
  }
  async enableApplication(pool: string, application: string): Promise<void> {
    await this.command(
      { prefix: "osd pool application enable", pool, app: application, yes_i_really_mean_it: true },
      "marking",
      this.where(pool),
    );
  }
  async markPool(pool: string, key: string, value: string): Promise<void> {
    await this.command(
      { prefix: "osd pool application set", pool, app: "krstorage", key, value },
      "marking",
      this.where(pool),
    );
  }
  async disableApplication(pool: string, application: string): Promise<void> {
    await this.command(
      { prefix: "osd pool application disable", pool, app: application, yes_i_really_mean_it: true },
      "unmarking",
      this.where(pool),
    );
  }
  /** Exclusive: ALREADY_EXISTS where the other name is taken. */
  async renamePool(from: string, to: string): Promise<void> {
    await this.command({ prefix: "osd pool rename", srcpool: from, destpool: to }, "naming", this.where(to));
  }
  async deletePool(name: string): Promise<void> {
    const yes = { yes_i_really_really_mean_it: true };
    await this.command({ prefix: "osd pool delete", pool: name, pool2: name, ...yes }, "removing", this.where(name));
  }

  /** Makes a user with exactly these capabilities. One that has them stays; one with others is refused, and stays as it is. */
  async makeUser(user: string, caps: string[]): Promise<void> {
    const shape = z.tuple([z.looseObject({ key: text })]);
    const command = { prefix: "auth get-or-create", entity: `client.${user}`, caps, format: "json" };
    try {
      const [{ key }] = await this.mon(command, shape, `making the user client.${user} in`);
      registerSecret(key);
    } catch (error) {
      // Ceph says EINVAL, and of nothing else in these words
      if (!KrStorageError.isInstance(error) || !/does not match/.test(error.message)) throw error;
      throw this.otherUser(user);
    }
  }
  /** The key of a user with exactly these capabilities; undefined where there is none. One with others is refused. */
  async findUser(user: string, caps: string[]): Promise<string | undefined> {
    const shape = z.tuple([z.looseObject({ key: text, caps: z.record(text, text) })]);
    const command = { prefix: "auth get", entity: `client.${user}`, format: "json" };
    try {
      const [found] = await this.mon(command, shape, `reading the key of the user client.${user} of`);
      registerSecret(found.key);
      const wanted = new Map(caps.flatMap((each, at) => (at % 2 === 0 ? [[each, caps[at + 1]] as const] : [])));
      const has = Object.entries(found.caps);
      if (has.length !== wanted.size || has.some(([what, may]) => wanted.get(what) !== may)) throw this.otherUser(user);
      return found.key;
    } catch (error) {
      if (hasCode(error, "NOT_FOUND")) return undefined;
      throw error;
    }
  }
  private otherUser(user: string): KrStorageError {
    return new KrStorageError(
      "PRECONDITION_FAILED",
      `${this.backend} has a user client.${user} with other capabilities than KRStorage gives; it was not changed. If nobody uses it, remove it (ceph auth rm client.${user})`,
      { target: this.backend },
    );
  }
  /** Removing one that is not there succeeds. */
  async removeUser(user: string): Promise<void> {
    await this.command({ prefix: "auth rm", entity: `client.${user}` }, `removing the user client.${user} from`);
  }

  // The table of a pool

  readTable(pool: number): Promise<[string, string][] | null> {
    return this.ask("table_read", { pool }, pairs.nullable(), "reading the records of", this.pool(pool));
  }
  /** Null where there is no table; empty where it has lost its generation. */
  tableGeneration(pool: number): Promise<string | null> {
    return this.ask("table_gen", { pool }, text.nullable(), "reading the records of", this.pool(pool));
  }
  /** In one step, if the generation is still that one (null: if there is no table yet); false if it is not. */
  writeTable(pool: number, gen: string | null, set: Record<string, string>, remove: string[]): Promise<boolean> {
    return this.ask("table_write", { pool, gen, set, remove }, z.boolean(), "writing the records of", this.pool(pool));
  }
  /** Removes everything of ours but images, if the table's generation is still that one; false if it is not, and the table stays. */
  dropRecords(pool: number, gen: string): Promise<boolean> {
    return this.ask("records_drop", { pool, gen }, z.boolean(), "taking the records out of", this.pool(pool));
  }
  /** The second copy of a table, as rows; null where there is none. */
  readCopy(pool: number): Promise<[string, string][] | null> {
    return this.ask(
      "copy_read",
      { pool },
      pairs.nullable(),
      "reading the second copy of the records of",
      this.pool(pool),
    );
  }
  /** Into a copy that is whole; false where there is none. */
  writeCopy(pool: number, set: Record<string, string>, remove: string[]): Promise<boolean> {
    const args = { pool, set, remove, whole: false };
    return this.ask("copy_write", args, z.boolean(), "copying the records of", this.pool(pool));
  }
  /** In place of whatever copy there is. */
  async replaceCopy(pool: number, rows: Record<string, string>): Promise<void> {
    const args = { pool, set: rows, remove: [], whole: true };
    await this.ask("copy_write", args, z.boolean(), "copying the records of", this.pool(pool));
  }
  /** The cluster's clock, ms since 1970: that of the OSD which keeps the pool's clock object. */
  now(pool: number): Promise<number> {
    const ask = () => this.ask("clock", { pool }, z.int(), "reading the clock of", this.pool(pool));
    return this.join(`clock of ${pool}`, ask);
  }

  // Images

  /** Sizes, numbers of snapshots, and limits by librbd's words, of those that are there; and the ids of what is in the trash. */
  images(pool: number, images: string[]): Promise<ImagesFound> {
    const ask = (ids: string[]) =>
      this.ask("images", { pool, images: ids }, imagesFound, "listing the images of", this.pool(pool));
    // A list of a whole pool takes a while: whoever looks at one image does not wait for it
    if (images.length > 1) return ask(images);
    const joined = this.looks.get(pool) ?? new Joined<ImagesFound, string>(ask);
    this.looks.set(pool, joined);
    return joined.get(...images);
  }
  names(pool: number): Promise<z.infer<typeof poolNames>> {
    return this.ask("names", { pool }, poolNames, "listing the images of", this.pool(pool));
  }
  imageId(pool: number, name: string): Promise<string | null> {
    return this.ask("image_id", { pool, name }, text.nullable(), "looking for", this.image(pool, name));
  }
  /** Its data is in `dataPool`, by name, where one is given. */
  createImage(pool: number, name: string, size: number, dataPool: string | null): Promise<string> {
    return this.ask("image_create", { pool, name, size, dataPool }, text, "making", this.image(pool, name));
  }
  cloneImage(
    pool: number,
    clone: { parent: string; snapshot: string; name: string; size: number; dataPool: string | null },
  ): Promise<string> {
    return this.ask("image_clone", { pool, ...clone }, text, "cloning", this.image(pool, clone.name));
  }
  /** Never shrinks. The size it has then. */
  growImage(pool: number, image: string, size: number): Promise<number> {
    return this.ask("image_grow", { pool, image, size }, z.number(), "growing", this.image(pool, image));
  }
  watchers(pool: number, image: string): Promise<Watcher[]> {
    return this.ask("image_watchers", { pool, image }, watchers, "looking at", this.image(pool, image));
  }
  /** Asks the clients that have the image open to answer within that time. Those who do not may have died. */
  rollCall(pool: number, image: string, waitMs: number): Promise<RollCall> {
    return this.ask("image_roll_call", { pool, image, waitMs }, rollCall, "looking at", this.image(pool, image));
  }
  /** Writes a part of a file into an image that is all zeros there. `file` is a path that only ever leads to that file. */
  async writeFile(pool: number, image: string, part: { file: string; offset: number; length: number }): Promise<void> {
    await this.ask("image_write_file", { pool, image, ...part }, z.null(), "filling", this.image(pool, image));
  }
  /** How many bytes a clone may still have of its parent; 0 of what is none. */
  parentBytes(pool: number, image: string): Promise<number> {
    return this.ask("image_overlap", { pool, image }, z.number(), "looking at", this.image(pool, image));
  }
  /** Copies what an image still shares with its parent. One that was interrupted goes on. */
  async flattenImage(pool: number, image: string): Promise<void> {
    await this.ask("image_flatten", { pool, image }, z.null(), "flattening", this.image(pool, image));
  }
  async configureImage(pool: number, image: string, set: Record<string, string | null>): Promise<void> {
    await this.ask("image_configure", { pool, image, set }, z.null(), "limiting", this.image(pool, image));
  }
  /** Id, name, and whether only clones still need it. */
  snapshots(pool: number, image: string): Promise<[number, string, boolean][]> {
    const shape = z.array(z.tuple([z.number(), text, z.boolean()]));
    return this.ask("image_snapshots", { pool, image }, shape, "looking at", this.image(pool, image));
  }
  /** Its id, and whether any other client had the image open before. */
  createSnapshot(pool: number, image: string, snapshot: string): Promise<{ id: number; isOpen: boolean }> {
    return this.ask(
      "snapshot_create",
      { pool, image, snapshot },
      z.object({ id: z.int(), isOpen: z.boolean() }),
      "taking a snapshot of",
      this.image(pool, image),
    );
  }
  async removeSnapshot(pool: number, image: string, snapshot: string): Promise<void> {
    await this.ask(
      "snapshot_remove",
      { pool, image, snapshot },
      z.null(),
      "ending a snapshot of",
      this.image(pool, image),
    );
  }
  /**
   * Then grown to `size` again: going back takes the size of the snapshot along. Writes nothing where somebody else has the image open,
   * and where the table does not say any more, at that key, that it is being rolled back by this one.
   */
  rollbackImage(
    pool: number,
    image: string,
    rollback: { snapshot: string; size: number; isResumed: boolean; condition: { key: string; by: string } },
  ): Promise<"done" | "open" | "settled"> {
    const args = { pool, image, ...rollback };
    return this.ask("image_rollback", args, rollbackOutcome, "rolling back", this.image(pool, image));
  }
  async removeImage(pool: number, name: string): Promise<void> {
    await this.ask("image_remove", { pool, name }, z.null(), "removing", this.image(pool, name));
  }
  /** So that images can be moved into the trash of a pool that has become full. */
  async prepareTrash(pool: number): Promise<void> {
    await this.ask("trash_prepare", { pool }, z.null(), "preparing the trash of", this.pool(pool));
  }
  /** False where there is no image of that name outside the trash. */
  moveToTrash(pool: number, name: string, delaySeconds: number): Promise<boolean> {
    const args = { pool, name, delay: delaySeconds };
    return this.ask("trash_move", args, z.boolean(), "deleting", this.image(pool, name));
  }
  /** False where that image is not in the trash. */
  restoreFromTrash(pool: number, image: string, name: string): Promise<boolean> {
    return this.ask("trash_restore", { pool, image, name }, z.boolean(), "restoring", this.image(pool, name));
  }
  /** Ends it, unless clones or snapshots need it, or somebody has taken it out of the trash. */
  removeFromTrash(pool: number, image: string): Promise<"ended" | "needed" | "elsewhere"> {
    return this.ask("trash_remove", { pool, image }, trashOutcome, "ending", this.image(pool, image));
  }
  /** Some objects of a pool that belong to no image and are not ours. */
  strangers(pool: number): Promise<string[]> {
    return this.ask("strangers", { pool }, z.array(text), "looking into", this.pool(pool));
  }

  private async mon<Result>(
    command: Record<string, unknown>,
    schema: z.ZodType<Result>,
    what: string,
  ): Promise<Result> {
    const out = await this.command(command, what);
    return readCommandAnswer(schema, out, { prefix: command.prefix, what, target: this.backend });
  }
  private async command(command: Record<string, unknown>, what: string, target = this.backend): Promise<string> {
    return (await this.ask("command", { command }, z.object({ out: text, text }), what, target)).out;
  }
  private join<Answer>(what: string, ask: () => Promise<Answer>): Promise<Answer> {
    const joined = this.joined.get(what) ?? new Joined<unknown>(ask);
    this.joined.set(what, joined);
    return joined.get() as Promise<Answer>;
  }
  private ask<Result>(
    operation: string,
    args: Record<string, unknown>,
    schema: z.ZodType<Result>,
    what: string,
    target: string,
  ): Promise<Result> {
    return this.worker.request(operation, args, schema, what, target);
  }
  private where(pool: string): string {
    return `${this.backend}/${pool}`;
  }
  private pool(pool: number): string {
    return `pool ${pool} of ${this.backend}`;
  }
  private image(pool: number, image: string): string {
    return `image ${image} in ${this.pool(pool)}`;
  }
}
