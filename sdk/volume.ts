import type * as pulumi from "@pulumi/pulumi";
import { nameFromLogical } from "../provider/model/names";
import { volume } from "../provider/model/volume";
import { Pool } from "./pool";
import { idOf, lazily, placeIn, referableId } from "./reference";
import { type ArgsOf, type OutputsOf, StorageResource, tokenOf } from "./resource";
import type { Snapshot } from "./snapshot";
import { type ClassArgs, classData } from "./volumeClass";

/** What a new volume starts with: exactly one of them. */
export interface VolumeSourceArgs {
  /** A Snapshot, or the id of one. */
  snapshot?: Snapshot | pulumi.Input<string>;
  /** A Volume, or the id of one; it must not be in use unless the pool can copy a running disk. */
  volume?: Volume | pulumi.Input<string>;
  /** A file on the backend's host: how a disk that KRStorage did not make is taken in. It is copied, and stays as it is. */
  image?: pulumi.Input<{ path: pulumi.Input<string>; format: pulumi.Input<"raw"> }>;
}

/** The arguments of a {@link Volume}. */
export interface VolumeArgs extends Omit<ArgsOf<typeof volume.inputs>, "pool" | "source" | "volumeClass"> {
  /** The pool it is placed in: a Pool, or the id of one (`<backend>/<pool>`; a literal carries no dependency). With a `volumeClass`, one of its pools; left out, it is chosen from them. */
  pool?: Pool | pulumi.Input<string> | undefined;
  /** The class it follows: a VolumeClass, its `definition`, or such data inline. */
  volumeClass?: ClassArgs | undefined;
  /** What the disk starts with. Default: zeros. */
  source?: VolumeSourceArgs | undefined;
}

/** A disk. */
export interface Volume extends Omit<OutputsOf<typeof volume.inputs, typeof volume.outputs>, "pool"> {
  /** The id of the pool that it is in, `<backend>/<pool>`: the one that was given, or the one that was chosen from its class. */
  readonly pool: pulumi.Output<string>;
}

/**
 * A volume: a disk for a machine or a container. It grows in place and never shrinks; deleting it puts it into the trash of
 * its pool; a change that would replace it is refused at preview.
 *
 * @example
 * ```ts
 * const data = new Volume("pgdata", { pool: ssd, size: "20GiB", deletionProtection: true });
 * export const disk = data.connection;
 * ```
 */
export class Volume extends StorageResource {
  /** @internal */
  static readonly __pulumiType = tokenOf(volume);
  /** The id of the volume, `<backend>/<pool>/<volume>`, known in previews too. */
  get volumeId(): pulumi.Output<string> {
    return this.#volumeId();
  }
  readonly #volumeId: () => pulumi.Output<string>;

  constructor(name: string, args: VolumeArgs, opts?: pulumi.CustomResourceOptions) {
    const pool = Pool.isInstance(args?.pool) ? args.pool.poolId : args?.pool;
    const data = { ...args, pool, source: sourceOf(args?.source), volumeClass: classData(args?.volumeClass) };
    super(volume, name, data, opts);
    // A pool that is left out is chosen when the inputs are checked, in previews too
    this.#volumeId = lazily(() => referableId(this, placeIn(pool ?? this.pool, args?.name ?? nameFromLogical(name))));
  }

  /** A volume that exists, by its id `<backend>/<pool>/<volume>`; nothing of it is managed. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): Volume {
    return new Volume(name, {} as VolumeArgs, { ...opts, id });
  }
  static override isInstance(value: unknown): value is Volume {
    return (value as { __pulumiType?: unknown } | undefined)?.__pulumiType === Volume.__pulumiType;
  }
}

function sourceOf(source: VolumeSourceArgs | undefined): Record<string, pulumi.Input<unknown>> | undefined {
  if (source === undefined) return undefined;
  const { snapshot, volume: disk, ...unknown } = source;
  return {
    ...unknown,
    ...(snapshot === undefined ? {} : { snapshot: idOf(snapshot) }),
    ...(disk === undefined ? {} : { volume: idOf(disk) }),
  };
}
