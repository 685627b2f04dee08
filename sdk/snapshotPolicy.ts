import * as pulumi from "@pulumi/pulumi";
import { snapshotPolicy } from "../provider/model/snapshotPolicy";
import { idOf } from "./reference";
import { type ArgsOf, type OutputsOf, StorageResource, tokenOf } from "./resource";
import type { Share } from "./share";
import type { Volume } from "./volume";

/** The arguments of a {@link SnapshotPolicy}. */
export interface SnapshotPolicyArgs extends Omit<ArgsOf<typeof snapshotPolicy.inputs>, "targets"> {
  /** What snapshots are taken of: Volumes and Shares, or their ids (a literal carries no dependency). */
  targets: pulumi.Input<(Volume | Share | pulumi.Input<string>)[]>;
}

/** A schedule of snapshots, and which of them are kept. */
export interface SnapshotPolicy extends OutputsOf<typeof snapshotPolicy.inputs, typeof snapshotPolicy.outputs> {}

/**
 * A snapshot policy: when snapshots of its targets are taken, and which are kept. It is stored with its targets, so whoever
 * runs policies needs no stack. Changing or deleting it removes no snapshot.
 *
 * @example
 * ```ts
 * new SnapshotPolicy("nightly", { schedule: "30 2 * * *", timezone: "Europe/Vienna", retention: { keepDaily: 7, keepWeekly: 4 }, targets: [data, home] });
 * ```
 */
export class SnapshotPolicy extends StorageResource {
  /** @internal */
  static readonly __pulumiType = tokenOf(snapshotPolicy);

  constructor(name: string, args: SnapshotPolicyArgs, opts?: pulumi.CustomResourceOptions) {
    super(snapshotPolicy, name, { ...args, targets: targetIds(args?.targets) }, opts);
  }

  /** A policy that exists, by its id `policy/<name>`; nothing of it is managed. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): SnapshotPolicy {
    return new SnapshotPolicy(name, {} as SnapshotPolicyArgs, { ...opts, id });
  }
  static override isInstance(value: unknown): value is SnapshotPolicy {
    return (value as { __pulumiType?: unknown } | undefined)?.__pulumiType === SnapshotPolicy.__pulumiType;
  }
}

function targetIds(
  targets: SnapshotPolicyArgs["targets"] | undefined,
): pulumi.Input<pulumi.Input<string>[]> | undefined {
  if (targets === undefined) return undefined;
  if (Array.isArray(targets)) return targets.map(idOf);
  return pulumi.output(targets).apply((list) => pulumi.all(list.map(idOf)));
}
