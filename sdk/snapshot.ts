import * as pulumi from "@pulumi/pulumi";
import { nameFromLogical } from "../provider/model/names";
import { snapshot } from "../provider/model/snapshot";
import { idOf, lazily, referableId } from "./reference";
import { type ArgsOf, type OutputsOf, StorageResource, tokenOf } from "./resource";
import type { Share } from "./share";
import type { Volume } from "./volume";

/** The arguments of a {@link Snapshot}. */
export interface SnapshotArgs extends Omit<ArgsOf<typeof snapshot.inputs>, "source"> {
  /** What it is taken of: a Volume or Share, or the id of one (a literal carries no dependency). */
  source: Volume | Share | pulumi.Input<string>;
}

/** A read-only copy of a volume or share at one point in time. */
export interface Snapshot extends OutputsOf<typeof snapshot.inputs, typeof snapshot.outputs> {}

/**
 * A snapshot: a read-only copy of a volume or share at one point in time. Another one can be made from it (`source`).
 *
 * @example
 * ```ts
 * const before = new Snapshot("before-upgrade", { source: data });
 * const copy = new Volume("copy", { pool: ssd, size: "20GiB", source: { snapshot: before } });
 * ```
 */
export class Snapshot extends StorageResource {
  /** @internal */
  static readonly __pulumiType = tokenOf(snapshot);
  /** The id of the snapshot, `<backend>/<pool>/<volume>@<snapshot>`, known in previews too. */
  get snapshotId(): pulumi.Output<string> {
    return this.#snapshotId();
  }
  readonly #snapshotId: () => pulumi.Output<string>;

  constructor(name: string, args: SnapshotArgs, opts?: pulumi.CustomResourceOptions) {
    const source = args?.source === undefined ? undefined : idOf(args.source);
    super(snapshot, name, { ...args, source }, opts);
    this.#snapshotId = lazily(() => {
      const computed = pulumi
        .all([source, args?.name ?? nameFromLogical(name)])
        .apply(([volumeId, snapshotName]) => `${volumeId}@${snapshotName}`);
      return referableId(this, computed);
    });
  }

  /** A snapshot that exists, by its id `<backend>/<pool>/<volume>@<snapshot>`; nothing of it is managed. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): Snapshot {
    return new Snapshot(name, {} as SnapshotArgs, { ...opts, id });
  }
  static override isInstance(value: unknown): value is Snapshot {
    return (value as { __pulumiType?: unknown } | undefined)?.__pulumiType === Snapshot.__pulumiType;
  }
}
