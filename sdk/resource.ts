import * as pulumi from "@pulumi/pulumi";
import type { z } from "zod";
import type { Kind, OptionalKeys } from "../provider/model/kind";
import { currentHost } from "./host";

type Shape = Kind["inputs"];
type RequiredKeys<Of extends Shape> = Exclude<keyof Of, OptionalKeys<Of>>;

/** A value given by a program: plain, or an output of another resource at any depth. */
export type Given<T> = T extends object ? pulumi.Input<{ [Key in keyof T]: Given<T[Key]> }> : pulumi.Input<T>;

/** The arguments of a kind. Every property keeps its documentation. */
export type ArgsOf<Of extends Shape> = {
  -readonly [Key in keyof Pick<Of, RequiredKeys<Of>>]: Given<z.input<Of[Key]>>;
} & {
  -readonly [Key in keyof Pick<Of, OptionalKeys<Of>>]?: Given<Exclude<z.input<Of[Key]>, undefined>> | undefined;
};

/** The outputs of a kind: what it puts out, and its inputs as they were given. */
export type OutputsOf<Inputs extends Shape, Outputs extends Shape> = {
  readonly [Key in keyof Outputs]: pulumi.Output<z.output<Outputs[Key]>>;
} & {
  readonly [Key in Exclude<keyof Inputs, keyof Outputs>]: pulumi.Output<z.output<Inputs[Key]>>;
};

/** The code that the engine keeps with every resource. Constant text: nothing of the program is captured, and `npm ci` updates what it does. */
function providerText(kind: Kind): string {
  return `exports.handler=()=>require("krstorage/dynamic").${kind.name}`;
}

const dynamicModule = "pulumi-nodejs:dynamic/krstorage:";
const pluginModule = "krstorage:index:";
/** Taken off a type token it leaves the kind, by which both hosts call a parent of ours. */
const ownToken = new RegExp(`^(?:${dynamicModule}|${pluginModule})`);

/** The type token of a kind in this program. */
export function tokenOf(kind: Kind): string {
  return `${currentHost() === "plugin" ? pluginModule : dynamicModule}${kind.name}`;
}

/** What every class of this package is: a resource of one kind, registered with the host that the program has chosen. */
export abstract class StorageResource extends pulumi.CustomResource {
  constructor(kind: Kind, name: string, args: Record<string, unknown>, opts: pulumi.CustomResourceOptions = {}) {
    if (opts.urn === undefined && opts.id === undefined) requireArguments(kind, name, args);
    const outputs = Object.fromEntries(Object.keys(kind.outputs).map((key) => [key, undefined]));
    const inputs = Object.fromEntries(Object.keys(kind.inputs).map((key) => [key, args[key]]));
    const isPlugin = currentHost() === "plugin";
    // The plugin reads the owner from the URN, and has its code itself
    const hidden = isPlugin ? {} : { owner: ownerOf(kind, name, opts.parent), __provider: providerText(kind) };
    const moved = { aliases: [{ type: `${dynamicModule}${kind.name}` }] };
    // Ours go in first, so that an argument that is not of the kind reaches check, which says what was meant
    super(
      tokenOf(kind),
      name,
      { ...outputs, ...inputs, ...args, ...hidden },
      isPlugin ? pulumi.mergeOptions(opts, moved) : opts,
    );
  }
}

/** What is missing whatever the configuration says. A pool or class may come from there, so that is left to check. */
function requireArguments(kind: Kind, name: string, args: Record<string, unknown>): void {
  for (const [key, schema] of Object.entries(kind.inputs)) {
    if (args[key] === undefined && !schema.safeParse(undefined).success) {
      throw new pulumi.ResourceError(`Missing required property '${key}' of ${kind.name} "${name}"`, undefined);
    }
  }
}

/** The parts of a resource that say where it stands. Pulumi keeps them on every resource under these names. */
interface Placed {
  __pulumiType?: string;
  __parentResource?: Placed;
}

/**
 * Who declares a resource: `<project>/<stack>/<parent chain + kind>/<logical name>`. The plugin reads the same from the URN,
 * so a stack can move between the two.
 */
function ownerOf(kind: Kind, name: string, parent: pulumi.Resource | undefined): string {
  const chain: string[] = [kind.name];
  for (
    let above = parent as Placed | undefined;
    above?.__pulumiType && above.__pulumiType !== "pulumi:pulumi:Stack";
    above = above.__parentResource
  ) {
    chain.unshift(above.__pulumiType.replace(ownToken, "").replaceAll("/", ":"));
  }
  return `${pulumi.getProject()}/${pulumi.getStack()}/${chain.join("$")}/${name}`;
}
