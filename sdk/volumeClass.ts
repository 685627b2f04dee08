import * as pulumi from "@pulumi/pulumi";
import { nameFromLogical } from "../provider/model/names";
import { type ClassDefinition, volumeClass } from "../provider/model/volumeClass";
import { Pool } from "./pool";
import { type ArgsOf, type OutputsOf, StorageResource, tokenOf } from "./resource";

/** Pools, or the ids of pools. */
export type PoolList = pulumi.Input<(Pool | pulumi.Input<string>)[]>;

/** The arguments of a {@link VolumeClass}. */
export interface VolumeClassArgs extends Omit<ArgsOf<typeof volumeClass.inputs>, "pools"> {
  /** The pools that its volumes and shares may be placed in, in order of preference: Pools, or their ids (`<backend>/<pool>`; a literal carries no dependency). */
  pools: PoolList;
}

/** A class where one is asked for: a VolumeClass, its `definition`, or such data inline. */
export type ClassArgs = VolumeClass | pulumi.Input<ClassDefinition> | VolumeClassArgs;

/** A policy template for volumes and shares. */
export interface VolumeClass extends OutputsOf<typeof volumeClass.inputs, Record<never, never>> {}

/**
 * A class: what volumes and shares of it have in common, such as where they go, their limits, and how they are protected.
 * Changing it changes its volumes in place and moves none.
 *
 * @example
 * ```ts
 * const gold = new VolumeClass("gold", { ...classTemplates.gold, pools: [ssd, hdd], qos: { iops: 5000 } });
 * const data = new Volume("pgdata", { volumeClass: gold, size: "20GiB" });
 * ```
 */
export class VolumeClass extends StorageResource {
  /** @internal */
  static readonly __pulumiType = tokenOf(volumeClass);
  /** The whole class as plain data, known in previews: what volumes and shares of the class are given. */
  readonly definition!: pulumi.Output<ClassDefinition>;

  constructor(name: string, args: VolumeClassArgs, opts?: pulumi.CustomResourceOptions) {
    const inputs = { ...args, pools: poolIds(args?.pools) };
    super(volumeClass, name, inputs, opts);
    // Known in previews, because it is made of the inputs alone
    if (opts?.id === undefined && opts?.urn === undefined) {
      const definition = pulumi.output({ ...inputs, name: args.name ?? nameFromLogical(name) });
      this.definition = pulumi
        .all([definition, this.urn])
        .apply(([data]) => given(data)) as pulumi.Output<ClassDefinition>;
    }
  }

  static override isInstance(value: unknown): value is VolumeClass {
    return (value as { __pulumiType?: unknown } | undefined)?.__pulumiType === VolumeClass.__pulumiType;
  }
}

/** A class as the plain data that it is on the wire. */
export function classData(value: ClassArgs | undefined): pulumi.Input<unknown> {
  if (VolumeClass.isInstance(value)) return value.definition;
  return isInline(value) ? { ...value, pools: poolIds(value.pools) } : value;
}

function isInline(value: Exclude<ClassArgs, VolumeClass> | undefined): value is VolumeClassArgs {
  return typeof value === "object" && !pulumi.Output.isInstance(value) && "pools" in value;
}

function poolIds(pools: PoolList | undefined): pulumi.Input<pulumi.Input<string>[]> | undefined {
  if (!Array.isArray(pools)) return pools as pulumi.Input<pulumi.Input<string>[]> | undefined;
  return pools.map((pool) => (Pool.isInstance(pool) ? pool.poolId : pool));
}

function given(data: object): object {
  return Object.fromEntries(Object.entries(data).filter(([, value]) => value !== undefined));
}
