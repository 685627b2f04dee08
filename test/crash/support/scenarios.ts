import type { Step } from "./steps";

/** One operation, what it works on, and what there may be after it was interrupted. `name` is new in every round. */
export interface Scenario {
  /** Makes what the operation works on. */
  prepare: Step[];
  /** What is done past the driver between preparing and the operation. */
  tamper?: "databaseAway";
  operation: Step;
  /** The objects of the round before the operation, or undefined where there is no pool then. */
  before: string[] | undefined;
  /** The same after it. */
  after: string[] | undefined;
  /** What else whoever only reads may see in between. */
  during?: string[];
  /** Codes with which a repetition may fail where the operation has been done already, or a racing one was quicker. */
  repeated?: string[];
  /** Whether the pool is of this round alone. */
  ownPool?: boolean;
}

export type OperationName = keyof typeof scenarios | keyof typeof reflinkScenarios;

/** What an operation does, in a pool and under a name. */
export function scenarioOf(operation: OperationName, pool: string, name: string): Scenario {
  return { ...scenarios, ...reflinkScenarios }[operation](pool, name);
}

const small = "64KiB";
const large = "128KiB";
const smallBytes = 65_536;
const largeBytes = 131_072;

/** Of two that take the same thing over at once, one finds the other's claim. */
const takenOver = ["CONFLICT"];

/** How an object looks: the text that `observe` has for it. */
function looks(name: string, kind: string, phase: string, bytes: number, content: string, more = ""): string {
  return `${name}: ${kind} ${phase} ready ${bytes}: ${bytes} bytes ${content}${more}`;
}

function filled(pool: string, name: string): Step[] {
  return [
    { do: "create", pool, name, size: small },
    { do: "fill", pool, name, seed: 1 },
  ];
}

const tree = `a tree of ${smallBytes} bytes seed 1`;
function filledShare(pool: string, name: string): Step[] {
  return [
    { do: "createShare", pool, name },
    { do: "fill", pool, name, seed: 1 },
  ];
}

/** Every operation of a driver that changes something. */
export const scenarios = {
  createPool: (pool: string): Scenario => ({
    prepare: [],
    operation: { do: "createPool", pool },
    before: undefined,
    after: [],
    repeated: takenOver,
    ownPool: true,
  }),
  deletePool: (pool: string): Scenario => ({
    prepare: [{ do: "createPool", pool }],
    operation: { do: "deletePool", pool },
    before: [],
    after: undefined,
    repeated: ["UNAVAILABLE", "PRECONDITION_FAILED", "IN_USE"],
    ownPool: true,
  }),
  create: (pool: string, name: string): Scenario => ({
    prepare: [],
    operation: { do: "create", pool, name, size: small, labels: { role: "data" } },
    before: [],
    after: [looks(name, "volume", "live", smallBytes, "zeros")],
    repeated: takenOver,
  }),
  grow: (pool: string, name: string): Scenario => ({
    prepare: filled(pool, name),
    operation: { do: "grow", pool, name, size: large },
    before: [looks(name, "volume", "live", smallBytes, "seed 1")],
    after: [looks(name, "volume", "live", largeBytes, "seed 1")],
    // Larger than it says: a size is a floor
    during: [`${name}: volume live ready ${smallBytes}: ${largeBytes} bytes seed 1`],
  }),
  snapshot: (pool: string, name: string): Scenario => ({
    prepare: filled(pool, name),
    operation: { do: "snapshot", pool, name, as: "s" },
    before: [looks(name, "volume", "live", smallBytes, "seed 1")],
    after: [
      looks(name, "volume", "live", smallBytes, "seed 1"),
      looks(`${name}@s`, "snapshot", "live", smallBytes, "seed 1"),
    ],
    repeated: takenOver,
  }),
  clone: (pool: string, name: string): Scenario => ({
    prepare: [...filled(pool, name), { do: "snapshot", pool, name, as: "s" }],
    operation: { do: "create", pool, name: `${name}-clone`, size: large, from: `${name}@s` },
    before: [
      looks(name, "volume", "live", smallBytes, "seed 1"),
      looks(`${name}@s`, "snapshot", "live", smallBytes, "seed 1"),
    ],
    after: [
      looks(name, "volume", "live", smallBytes, "seed 1"),
      looks(`${name}-clone`, "volume", "live", largeBytes, "seed 1"),
      looks(`${name}@s`, "snapshot", "live", smallBytes, "seed 1"),
    ],
    repeated: takenOver,
  }),
  update: (pool: string, name: string): Scenario => ({
    prepare: filled(pool, name),
    operation: { do: "use", pool, name, consumers: ["vm-1"] },
    before: [looks(name, "volume", "live", smallBytes, "seed 1")],
    after: [looks(name, "volume", "live", smallBytes, "seed 1", " used by vm-1")],
    repeated: ["CONFLICT"],
  }),
  trash: (pool: string, name: string): Scenario => ({
    prepare: filled(pool, name),
    operation: { do: "delete", pool, name },
    before: [looks(name, "volume", "live", smallBytes, "seed 1")],
    after: [looks(name, "volume", "trashed", smallBytes, "seed 1")],
  }),
  undelete: (pool: string, name: string): Scenario => ({
    prepare: [...filled(pool, name), { do: "delete", pool, name }],
    operation: { do: "undelete", pool, name },
    before: [looks(name, "volume", "trashed", smallBytes, "seed 1")],
    after: [looks(name, "volume", "live", smallBytes, "seed 1")],
    repeated: ["NOT_FOUND"],
  }),
  purge: (pool: string, name: string): Scenario => ({
    prepare: [...filled(pool, name), { do: "delete", pool, name }],
    operation: { do: "purge", pool, name },
    before: [looks(name, "volume", "trashed", smallBytes, "seed 1")],
    after: [],
    repeated: ["NOT_FOUND"],
  }),
  rollback: (pool: string, name: string): Scenario => ({
    prepare: [
      ...filled(pool, name),
      { do: "snapshot", pool, name, as: "s" },
      { do: "fill", pool, name, seed: 2 },
      { do: "grow", pool, name, size: large },
    ],
    operation: { do: "rollback", pool, name, to: "s" },
    before: [
      looks(name, "volume", "live", largeBytes, "seed 2"),
      looks(`${name}@s`, "snapshot", "live", smallBytes, "seed 1"),
    ],
    after: [
      looks(name, "volume", "live", largeBytes, "seed 1"),
      looks(`${name}@s`, "snapshot", "live", smallBytes, "seed 1"),
    ],
    repeated: ["CONFLICT", "IN_USE"],
  }),
  createShare: (pool: string, name: string): Scenario => ({
    prepare: [],
    operation: { do: "createShare", pool, name },
    before: [],
    after: [`${name}: share live ready ${smallBytes}: an empty tree`],
    repeated: takenOver,
  }),
  trashShare: (pool: string, name: string): Scenario => ({
    prepare: filledShare(pool, name),
    operation: { do: "delete", pool, name },
    before: [`${name}: share live ready ${smallBytes}: ${tree}`],
    after: [`${name}: share trashed ready ${smallBytes}: ${tree}`],
  }),
  purgeShare: (pool: string, name: string): Scenario => ({
    prepare: [...filledShare(pool, name), { do: "delete", pool, name }],
    operation: { do: "purge", pool, name },
    before: [`${name}: share trashed ready ${smallBytes}: ${tree}`],
    after: [],
    repeated: ["NOT_FOUND"],
  }),
  createPolicy: (pool: string, name: string): Scenario => ({
    prepare: [],
    operation: { do: "createPolicy", pool, name },
    before: [],
    after: [`${name}: policy of generation 1`],
    repeated: ["ALREADY_EXISTS"],
  }),
  updatePolicy: (pool: string, name: string): Scenario => ({
    prepare: [{ do: "createPolicy", pool, name }],
    operation: { do: "updatePolicy", pool, name },
    before: [`${name}: policy of generation 1`],
    after: [`${name}: policy of generation 2`],
  }),
  removePolicy: (pool: string, name: string): Scenario => ({
    prepare: [{ do: "createPolicy", pool, name }],
    operation: { do: "removePolicy", pool, name },
    before: [`${name}: policy of generation 1`],
    after: [],
  }),
  repair: (pool: string, name: string): Scenario => {
    const objects = [
      looks(name, "volume", "live", smallBytes, "seed 1", " used by vm-1"),
      looks(`${name}-old`, "volume", "trashed", smallBytes, "zeros"),
      looks(`${name}@s`, "snapshot", "live", smallBytes, "seed 1"),
      `${name}-policy: policy of generation 2`,
    ];
    return {
      prepare: [
        { do: "createPool", pool },
        ...filled(pool, name),
        { do: "snapshot", pool, name, as: "s" },
        { do: "use", pool, name, consumers: ["vm-1"] },
        { do: "create", pool, name: `${name}-old`, size: small },
        { do: "delete", pool, name: `${name}-old` },
        { do: "createPolicy", pool, name: `${name}-policy` },
        { do: "updatePolicy", pool, name: `${name}-policy` },
        { do: "createPolicy", pool, name: `${name}-removed` },
        { do: "removePolicy", pool, name: `${name}-removed` },
      ],
      tamper: "databaseAway",
      operation: { do: "fsck", pool, repair: true },
      before: undefined,
      after: objects,
      ownPool: true,
    };
  },
};

/** Operations that need a file system on which files share blocks. */
export const reflinkScenarios = {
  shareSnapshot: (pool: string, name: string): Scenario => ({
    prepare: filledShare(pool, name),
    operation: { do: "snapshot", pool, name, as: "s" },
    before: [`${name}: share live ready ${smallBytes}: ${tree}`],
    after: [
      `${name}: share live ready ${smallBytes}: ${tree}`,
      `${name}@s: snapshot live ready ${smallBytes}: ${tree}`,
    ],
    // Each looks at the times in the share while the other copies it
    repeated: takenOver,
  }),
  shareFromSnapshot: (pool: string, name: string): Scenario => ({
    prepare: [...filledShare(pool, name), { do: "snapshot", pool, name, as: "s" }],
    operation: { do: "createShare", pool, name: `${name}-clone`, from: `${name}@s` },
    before: [
      `${name}: share live ready ${smallBytes}: ${tree}`,
      `${name}@s: snapshot live ready ${smallBytes}: ${tree}`,
    ],
    after: [
      `${name}: share live ready ${smallBytes}: ${tree}`,
      `${name}-clone: share live ready ${smallBytes}: ${tree}`,
      `${name}@s: snapshot live ready ${smallBytes}: ${tree}`,
    ],
    repeated: takenOver,
  }),
};

/** What a purge of a round's objects takes, in the order that snapshots and clones allow. */
export function cleanUp(pool: string, name: string, found: { name: string; phase: string }[]): Step[] {
  const rank = (each: string) => (each.endsWith("-clone") ? 0 : each.includes("@") ? 1 : 2);
  const mine = found.filter((object) => isOfRound(object.name, name)).sort((a, b) => rank(a.name) - rank(b.name));
  return mine.flatMap((object): Step[] =>
    object.phase === "policy" ? [{ do: "removePolicy", pool, name: object.name }] : purging(pool, object),
  );
}

function purging(pool: string, object: { name: string; phase: string }): Step[] {
  return [
    ...(object.phase === "live" && !object.name.includes("@")
      ? [{ do: "use" as const, pool, name: object.name, consumers: [] }]
      : []),
    ...(object.phase === "live" ? [{ do: "delete" as const, pool, name: object.name }] : []),
    { do: "purge" as const, pool, name: object.name },
  ];
}

/** Whether an object belongs to the round of this name. */
export function isOfRound(object: string, name: string): boolean {
  return object === name || object.startsWith(`${name}-`) || object.startsWith(`${name}@`);
}
