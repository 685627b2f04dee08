import * as pulumi from "@pulumi/pulumi";
import type { z } from "zod";
import type { functions } from "../provider/model/functions";
import { currentHost } from "./host";
import type { Given } from "./resource";

type Functions = typeof functions;
type Name = keyof Functions;
type Args<Of extends Name> = z.input<z.ZodObject<Functions[Of]["inputs"]>>;
type Result<Of extends Name> = z.output<z.ZodObject<Functions[Of]["outputs"]>>;
type OutputArgs<Of extends Name> = { [Key in keyof Args<Of>]: Given<Args<Of>[Key]> };

/** What {@link getPool} is asked. @interface */
export type GetPoolArgs = Args<"getPool">;
/** What {@link getPool} answers. @interface */
export type GetPoolResult = Result<"getPool">;
/** What {@link getVolume} is asked. @interface */
export type GetVolumeArgs = Args<"getVolume">;
/** What {@link getVolume} answers. @interface */
export type GetVolumeResult = Result<"getVolume">;
/** What {@link getKeyOutput} is asked. @interface */
export type GetKeyArgs = Args<"getKey">;
/** What {@link getKeyOutput} answers. @interface */
export type GetKeyResult = Result<"getKey">;
/** What {@link listVolumes} is asked. @interface */
export type ListVolumesArgs = Args<"listVolumes">;
/** What {@link listVolumes} answers. @interface */
export type ListVolumesResult = Result<"listVolumes">;
/** What {@link getCapacity} is asked. @interface */
export type GetCapacityArgs = Args<"getCapacity">;
/** What {@link getCapacity} answers. @interface */
export type GetCapacityResult = Result<"getCapacity">;
/** What {@link planRetention} is asked. @interface */
export type PlanRetentionArgs = Args<"planRetention">;
/** What {@link planRetention} answers. @interface */
export type PlanRetentionResult = Result<"planRetention">;

/** A pool that exists, whoever declares it: what it is, what it can do, and how much room it has. It runs in previews too. */
export function getPool(args: GetPoolArgs, opts?: pulumi.InvokeOptions): Promise<GetPoolResult> {
  return call("getPool", args, opts);
}
/** As {@link getPool}, of outputs; not called while they are unknown. */
export function getPoolOutput(args: OutputArgs<"getPool">, opts?: pulumi.InvokeOptions): pulumi.Output<GetPoolResult> {
  return callOutput("getPool", args, opts);
}

/** A volume that exists, whoever declares it. It runs in previews too. */
export function getVolume(args: GetVolumeArgs, opts?: pulumi.InvokeOptions): Promise<GetVolumeResult> {
  return call("getVolume", args, opts);
}
/** As {@link getVolume}, of outputs; not called while they are unknown. */
export function getVolumeOutput(
  args: OutputArgs<"getVolume">,
  opts?: pulumi.InvokeOptions,
): pulumi.Output<GetVolumeResult> {
  return callOutput("getVolume", args, opts);
}

/**
 * The key that opens a volume, as a secret, whatever becomes of it. Not called while the id is unknown. There is no form that gives it
 * plain: that would stand readable in whatever state it comes to.
 */
export function getKeyOutput(args: OutputArgs<"getKey">, opts?: pulumi.InvokeOptions): pulumi.Output<GetKeyResult> {
  return pulumi.secret(callOutput("getKey", args, opts));
}

/** The live volumes of a pool, by name. It runs in previews too. */
export function listVolumes(args: ListVolumesArgs, opts?: pulumi.InvokeOptions): Promise<ListVolumesResult> {
  return call("listVolumes", args, opts);
}
/** As {@link listVolumes}, of outputs; not called while they are unknown. */
export function listVolumesOutput(
  args: OutputArgs<"listVolumes">,
  opts?: pulumi.InvokeOptions,
): pulumi.Output<ListVolumesResult> {
  return callOutput("listVolumes", args, opts);
}

/** How much room a pool has, in bytes. It runs in previews too. */
export function getCapacity(args: GetCapacityArgs, opts?: pulumi.InvokeOptions): Promise<GetCapacityResult> {
  return call("getCapacity", args, opts);
}
/** As {@link getCapacity}, of outputs; not called while they are unknown. */
export function getCapacityOutput(
  args: OutputArgs<"getCapacity">,
  opts?: pulumi.InvokeOptions,
): pulumi.Output<GetCapacityResult> {
  return callOutput("getCapacity", args, opts);
}

/** What a retention would keep and remove of given snapshots, each with its reason. Nothing is asked of any backend. */
export function planRetention(args: PlanRetentionArgs, opts?: pulumi.InvokeOptions): Promise<PlanRetentionResult> {
  return call("planRetention", args, opts);
}
/** As {@link planRetention}, of outputs; not called while they are unknown. */
export function planRetentionOutput(
  args: OutputArgs<"planRetention">,
  opts?: pulumi.InvokeOptions,
): pulumi.Output<PlanRetentionResult> {
  return callOutput("planRetention", args, opts);
}

function callOutput<Of extends Name>(
  name: Of,
  args: OutputArgs<Of>,
  opts?: pulumi.InvokeOptions,
): pulumi.Output<Result<Of>> {
  const given = pulumi.output(args);
  const called = pulumi.all([given, madeWith(given)]).apply(([known]) => call(name, known as Args<Of>, opts));
  return called as pulumi.Output<Result<Of>>;
}

/** What the resources are whose outputs are given. Unknown while one is still to be made: its id is known in previews, but there is nothing to ask. */
function madeWith(given: pulumi.Output<unknown>): pulumi.Output<unknown[]> {
  const { allResources } = given as { allResources?: () => Promise<Set<pulumi.Resource>> };
  const resources = allResources?.call(given) ?? Promise.resolve(new Set<pulumi.Resource>());
  return pulumi.output(resources.then((all) => [...all].map((resource) => (resource as { uid?: unknown }).uid)));
}

async function call<Of extends Name>(name: Of, args: Args<Of>, opts?: pulumi.InvokeOptions): Promise<Result<Of>> {
  if (currentHost() === "plugin") return pulumi.runtime.invoke(`krstorage:index:${name}`, args, opts);
  // The dynamic provider has no functions, so they run in the program. Loaded only here: most programs call none
  const { callInProgram } = require("../provider/hosts/inProgram") as typeof import("../provider/hosts/inProgram");
  const config = new pulumi.Config("krstorage");
  const result = await callInProgram(name, args, { backends: config.get("backends"), stackId: config.get("stackId") });
  return result as Result<Of>;
}
