import type { Command } from "./command";

/** A command as help and completion know it. */
export interface Entry {
  /** One word, or two where the first is a group: "config show". */
  name: string;
  /** The heading it stands under in help. */
  group: string;
  summary: string;
  /** Loads the command; only the one that runs is loaded. */
  load: () => Command;
}

/** What stands for commands of two words in the list of commands. */
export const groups: Record<string, string> = {
  policy: "snapshot policies: list, run, explain and simulate them",
  config: "the configuration file: show it, or take it from a Pulumi stack",
};

/** Every command, in the order of help. Adding one is a file in `commands/` and an entry here; docs/cli.md is generated from it. */
export const registry: Entry[] = [
  {
    name: "ls",
    group: "Look",
    summary: "list the objects of a pool, or of all pools",
    load: () => (require("./commands/ls") as typeof import("./commands/ls")).ls,
  },
  {
    name: "get",
    group: "Look",
    summary: "show one object with everything its record says",
    load: () => (require("./commands/get") as typeof import("./commands/get")).get,
  },
  {
    name: "key",
    group: "Look",
    summary: "print the key that opens a volume, where it needs one",
    load: () => (require("./commands/key") as typeof import("./commands/key")).key,
  },
  {
    name: "df",
    group: "Look",
    summary: "show pools: total, used, promised, available, reserve",
    load: () => (require("./commands/df") as typeof import("./commands/df")).df,
  },
  {
    name: "du",
    group: "Look",
    summary: "show what objects really occupy",
    load: () => (require("./commands/du") as typeof import("./commands/du")).du,
  },
  {
    name: "nodes",
    group: "Look",
    summary: "show what backends stand on: health, machines, disks, room by class of disk",
    load: () => (require("./commands/nodes") as typeof import("./commands/nodes")).nodes,
  },
  {
    name: "holders",
    group: "Look",
    summary: "show who uses an object, and what else keeps it from being deleted",
    load: () => (require("./commands/holders") as typeof import("./commands/holders")).holders,
  },
  {
    name: "orphans",
    group: "Look",
    summary: "list objects that no stack knows",
    load: () => (require("./commands/orphans") as typeof import("./commands/orphans")).orphans,
  },
  {
    name: "doctor",
    group: "Look",
    summary: "check this machine, the configuration and the backends",
    load: () => (require("./commands/doctor") as typeof import("./commands/doctor")).doctor,
  },
  {
    name: "snapshot",
    group: "Make and restore",
    summary: "take a snapshot of a volume or share",
    load: () => (require("./commands/snapshot") as typeof import("./commands/snapshot")).snapshot,
  },
  {
    name: "clone",
    group: "Make and restore",
    summary: "make a new volume or share from one there is, or from a snapshot",
    load: () => (require("./commands/clone") as typeof import("./commands/clone")).clone,
  },
  {
    name: "hold",
    group: "Make and restore",
    summary: "keep an object from being deleted or purged while something reads it",
    load: () => (require("./commands/hold") as typeof import("./commands/hold")).hold,
  },
  {
    name: "flatten",
    group: "Make and restore",
    summary: "make a clone share nothing any more with what it was made from",
    load: () => (require("./commands/flatten") as typeof import("./commands/flatten")).flatten,
  },
  {
    name: "restore",
    group: "Make and restore",
    summary: "restore a snapshot, as a new volume or in place",
    load: () => (require("./commands/restore") as typeof import("./commands/restore")).restore,
  },
  {
    name: "undelete",
    group: "Make and restore",
    summary: "bring an object back from the trash",
    load: () => (require("./commands/undelete") as typeof import("./commands/undelete")).undelete,
  },
  {
    name: "delete",
    group: "Take away",
    summary: "put an object into the trash of its pool",
    load: () => (require("./commands/delete") as typeof import("./commands/delete")).deleteObject,
  },
  {
    name: "purge",
    group: "Take away",
    summary: "end what has expired in a pool's trash, or one object for good",
    load: () => (require("./commands/purge") as typeof import("./commands/purge")).purge,
  },
  {
    name: "release",
    group: "Mend",
    summary: "take back registered uses of an object that nobody will end any more",
    load: () => (require("./commands/release") as typeof import("./commands/release")).release,
  },
  {
    name: "fsck",
    group: "Mend",
    summary: "check a pool, and mend what can be mended without giving up data",
    load: () => (require("./commands/fsck") as typeof import("./commands/fsck")).fsck,
  },
  {
    name: "chown",
    group: "Mend",
    summary: "change owners, such as after a project was renamed",
    load: () => (require("./commands/chown") as typeof import("./commands/chown")).chown,
  },
  {
    name: "forget",
    group: "Mend",
    summary: "take a missing object out of a stack's state, and its stale record off the backend",
    load: () => (require("./commands/forget") as typeof import("./commands/forget")).forget,
  },
  {
    name: "freeze",
    group: "Mend",
    summary: "make a backend read-only in the configuration file",
    load: () => (require("./commands/freeze") as typeof import("./commands/freeze")).freeze,
  },
  {
    name: "thaw",
    group: "Mend",
    summary: "let a frozen backend be changed again",
    load: () => (require("./commands/freeze") as typeof import("./commands/freeze")).thaw,
  },
  {
    name: "policy ls",
    group: "Run policies",
    summary: "list policies, what they act on, and when they run next",
    load: () => (require("./commands/policyLs") as typeof import("./commands/policyLs")).policyLs,
  },
  {
    name: "policy run",
    group: "Run policies",
    summary: "run all policies once: take what is due, remove what is not needed any more",
    load: () => (require("./commands/policyRun") as typeof import("./commands/policyRun")).policyRun,
  },
  {
    name: "policy plan",
    group: "Run policies",
    summary: "say of every snapshot of a policy whether it stays, and why",
    load: () => (require("./commands/policyPlan") as typeof import("./commands/policyPlan")).policyPlan,
  },
  {
    name: "policy simulate",
    group: "Run policies",
    summary: "show what a policy would keep, years ahead",
    load: () => (require("./commands/policySimulate") as typeof import("./commands/policySimulate")).policySimulate,
  },
  {
    name: "policy history",
    group: "Run policies",
    summary: "show what policies took, what became of it, and why",
    load: () => (require("./commands/policyHistory") as typeof import("./commands/policyHistory")).policyHistory,
  },
  {
    name: "agent",
    group: "Run policies",
    summary: "run policies for ever, purge trash, check pools, serve metrics",
    load: () => (require("./commands/agent") as typeof import("./commands/agent")).agent,
  },
  {
    name: "init",
    group: "Set up",
    summary: "write a configuration file",
    load: () => (require("./commands/init") as typeof import("./commands/init")).init,
  },
  {
    name: "config show",
    group: "Set up",
    summary: "show the configuration in use, without secrets",
    load: () => (require("./commands/configShow") as typeof import("./commands/configShow")).configShow,
  },
  {
    name: "config from-stack",
    group: "Set up",
    summary: "write a configuration file from a Pulumi stack",
    load: () => (require("./commands/configFromStack") as typeof import("./commands/configFromStack")).configFromStack,
  },
  {
    name: "generate",
    group: "Set up",
    summary: "write a Pulumi program and an import file for what a backend holds",
    load: () => (require("./commands/generate") as typeof import("./commands/generate")).generate,
  },
  {
    name: "completion",
    group: "Set up",
    summary: "print the completion script of a shell",
    load: () => (require("./commands/completion") as typeof import("./commands/completion")).completion,
  },
];
