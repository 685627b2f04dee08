import { contentBytes } from "./content";
import type { Step } from "./steps";

/** What a pool should hold, worked out from the steps that were answered. It knows nothing of how the driver does them. */
export class Expected {
  /** By name; names are never used twice. */
  readonly objects: ReadonlyMap<string, Thing>;
  readonly hasPool: boolean;

  constructor(hasPool = false, objects: ReadonlyMap<string, Thing> = new Map()) {
    this.hasPool = hasPool;
    this.objects = objects;
  }

  after(step: Step): Expected {
    if (step.do === "createPool") return new Expected(true, this.objects);
    const objects = new Map(this.objects);
    for (const [name, thing] of changed(step, objects)) {
      if (thing) objects.set(name, thing);
      else objects.delete(name);
    }
    return new Expected(this.hasPool, objects);
  }

  /** The same, but that a disk has been seen to hold something else. */
  holding(name: string, content: string): Expected {
    const thing = this.objects.get(name);
    return thing ? new Expected(this.hasPool, new Map(this.objects).set(name, { ...thing, content })) : this;
  }

  /** The text of every object, as `observe` has it. */
  texts(): Map<string, string> {
    return new Map([...this.objects].map(([name, thing]) => [name, textOf(thing)]));
  }
}

interface Thing {
  kind: "volume" | "snapshot" | "share" | "policy";
  phase: "live" | "trashed";
  bytes: number;
  /** Of a policy. */
  generation?: number;
  /** What its disk holds, as `describeDisk` has it. */
  content: string;
  consumers: string[];
}

const nothing: Omit<Thing, "kind"> = { phase: "live", bytes: 0, content: "", consumers: [] };

function changed(step: Step, objects: ReadonlyMap<string, Thing>): [string, Thing | undefined][] {
  const known = (name: string): Thing => {
    const thing = objects.get(name);
    if (!thing) throw new Error(`${step.do} of ${name}, which is not expected to be there`);
    return thing;
  };
  switch (step.do) {
    case "create": {
      const content = step.from === undefined ? "zeros" : known(step.from).content;
      return [[step.name, { kind: "volume", phase: "live", bytes: bytesOf(step.size), content, consumers: [] }]];
    }
    case "createShare":
      return [[step.name, { ...nothing, kind: "share", bytes: contentBytes }]];
    case "createPolicy":
      return [[step.name, { ...nothing, kind: "policy", generation: 1 }]];
    case "updatePolicy":
      return [[step.name, { ...known(step.name), generation: 2 }]];
    case "removePolicy":
      return [[step.name, undefined]];
    case "fill":
      return [[step.name, { ...known(step.name), content: `seed ${step.seed}` }]];
    case "grow":
      return [[step.name, { ...known(step.name), bytes: bytesOf(step.size) }]];
    case "snapshot":
      return [[`${step.name}@${step.as}`, { ...known(step.name), kind: "snapshot", consumers: [] }]];
    case "rollback":
      return [[step.name, { ...known(step.name), content: known(`${step.name}@${step.to}`).content }]];
    case "use":
      return [[step.name, { ...known(step.name), consumers: step.consumers }]];
    case "delete":
      return [[step.name, { ...known(step.name), phase: "trashed" }]];
    case "undelete":
      return [[step.name, { ...known(step.name), phase: "live" }]];
    case "purge":
      return [[step.name, undefined]];
    default:
      return [];
  }
}

function textOf({ kind, phase, bytes, content, consumers, generation }: Thing): string {
  if (kind === "policy") return `policy of generation ${generation}`;
  if (kind === "share") return `share ${phase} ready ${bytes}: an empty tree`;
  const used = consumers.length === 0 ? "" : ` used by ${consumers.join()}`;
  return `${kind} ${phase} ready ${bytes}: ${bytes} bytes ${content}${used}`;
}

function bytesOf(size: string): number {
  return size === "64KiB" ? contentBytes : 2 * contentBytes;
}
