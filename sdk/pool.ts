import type * as pulumi from "@pulumi/pulumi";
import { nameFromLogical } from "../provider/model/names";
import { pool } from "../provider/model/pool";
import { lazily, placeIn, referableId } from "./reference";
import { type ArgsOf, type OutputsOf, StorageResource, tokenOf } from "./resource";

/** The arguments of a {@link Pool}. */
export interface PoolArgs extends ArgsOf<typeof pool.inputs> {}

/** A capacity domain in a backend that volumes are placed in. */
export interface Pool extends OutputsOf<typeof pool.inputs, typeof pool.outputs> {}

/**
 * A pool: a capacity domain in a backend that volumes are placed in. Deleting a pool in which anything lives is refused;
 * what KRStorage did not make it never removes.
 *
 * @example
 * ```ts
 * const ssd = new Pool("ssd", { backend: "main", trashRetention: "7d" });
 * ```
 */
export class Pool extends StorageResource {
  /** @internal */
  static readonly __pulumiType = tokenOf(pool);
  /** The id of the pool, `<backend>/<pool>`, known in previews too. Pass the Pool itself, or this, to what is placed in it. */
  get poolId(): pulumi.Output<string> {
    return this.#poolId();
  }
  readonly #poolId: () => pulumi.Output<string>;

  constructor(name: string, args: PoolArgs = {}, opts?: pulumi.CustomResourceOptions) {
    super(pool, name, { ...args }, opts);
    this.#poolId = lazily(() =>
      referableId(this, placeIn(args.backend ?? "local", args.name ?? nameFromLogical(name))),
    );
  }

  /** A pool that exists, by its id `<backend>/<pool>`; nothing of it is managed. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): Pool {
    return new Pool(name, {}, { ...opts, id });
  }
  static override isInstance(value: unknown): value is Pool {
    return (value as { __pulumiType?: unknown } | undefined)?.__pulumiType === Pool.__pulumiType;
  }
}
