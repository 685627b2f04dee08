import type * as pulumi from "@pulumi/pulumi";
import { nameFromLogical } from "../provider/model/names";
import { share } from "../provider/model/share";
import { Pool } from "./pool";
import { idOf, lazily, placeIn, referableId } from "./reference";
import { type ArgsOf, type OutputsOf, StorageResource, tokenOf } from "./resource";
import type { Snapshot } from "./snapshot";
import { type ClassArgs, classData } from "./volumeClass";

/** What a new share starts with: exactly one of them. */
export interface ShareSourceArgs {
  /** A Snapshot of a share, or the id of one. */
  snapshot?: Snapshot | pulumi.Input<string>;
  /** A Share, or the id of one. */
  share?: Share | pulumi.Input<string>;
}

/** The arguments of a {@link Share}. */
export interface ShareArgs extends Omit<ArgsOf<typeof share.inputs>, "pool" | "source" | "volumeClass"> {
  /** The pool it is placed in: a Pool, or the id of one (`<backend>/<pool>`; a literal carries no dependency). With a `volumeClass`, one of its pools; left out, it is chosen from them. */
  pool?: Pool | pulumi.Input<string> | undefined;
  /** The class it follows: a VolumeClass, its `definition`, or such data inline. */
  volumeClass?: ClassArgs | undefined;
  /** What the share starts with. Default: nothing. */
  source?: ShareSourceArgs | undefined;
}

/** File storage. */
export interface Share extends Omit<OutputsOf<typeof share.inputs, typeof share.outputs>, "pool"> {
  /** The id of the pool that it is in, `<backend>/<pool>`: the one that was given, or the one that was chosen from its class. */
  readonly pool: pulumi.Output<string>;
}

/**
 * A share: a folder for several consumers at once, reached by a path or a network protocol. It grows in place; deleting it
 * puts it into the trash of its pool; a change that would replace it is refused at preview.
 *
 * @example
 * ```ts
 * const home = new Share("home", { pool: ssd, size: "100GiB", access: [{ client: "10.0.0.0/24" }] });
 * export const mount = home.connection.mountCommand; // mount -o bind -- '/srv/…' '/mnt/home'
 * ```
 */
export class Share extends StorageResource {
  /** @internal */
  static readonly __pulumiType = tokenOf(share);
  /** The id of the share, `<backend>/<pool>/<share>`, known in previews too. */
  get shareId(): pulumi.Output<string> {
    return this.#shareId();
  }
  readonly #shareId: () => pulumi.Output<string>;

  constructor(name: string, args: ShareArgs, opts?: pulumi.CustomResourceOptions) {
    const pool = Pool.isInstance(args?.pool) ? args.pool.poolId : args?.pool;
    const data = { ...args, pool, source: sourceOf(args?.source), volumeClass: classData(args?.volumeClass) };
    super(share, name, data, opts);
    this.#shareId = lazily(() => referableId(this, placeIn(pool ?? this.pool, args?.name ?? nameFromLogical(name))));
  }

  /** A share that exists, by its id `<backend>/<pool>/<share>`; nothing of it is managed. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): Share {
    return new Share(name, {} as ShareArgs, { ...opts, id });
  }
  static override isInstance(value: unknown): value is Share {
    return (value as { __pulumiType?: unknown } | undefined)?.__pulumiType === Share.__pulumiType;
  }
}

function sourceOf(source: ShareSourceArgs | undefined): Record<string, pulumi.Input<string> | undefined> | undefined {
  if (source === undefined) return undefined;
  const { snapshot, share: other, ...unknown } = source;
  return {
    ...unknown,
    ...(snapshot === undefined ? {} : { snapshot: idOf(snapshot) }),
    ...(other === undefined ? {} : { share: idOf(other) }),
  };
}
