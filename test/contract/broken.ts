import type { Driver, DriverEnv } from "../../provider/drivers/driver";
import {
  CloneKeepsUid,
  ForgetsIdempotency,
  PublishesEarly,
  RenamePublish,
  ResurrectsTrash,
  SlotByName,
  UndoesPublished,
} from "./broken/create";
import { DeleteByName, PurgesByCallersClock, ResizeShrinks, ThrowsOnSecondDelete } from "./broken/end";
import { IgnoresClaim, IgnoresRevision, TakeOverWithoutClaim, TrustsPoolName } from "./broken/hold";
import { ConcealsLimits, ListsOnePage, MutableReference, PartialListAsEmpty, PromisesTooMuch } from "./broken/list";
import {
  CloneKeepsPolicies,
  ForgetsDamagedPolicies,
  PolicyByName,
  PolicyIgnoresRevision,
  PolicyLooksFirst,
  UndeleteKeepsPolicies,
} from "./broken/policies";
import {
  CompanionsExpireEarly,
  CopiesWhileWritten,
  FollowsLinks,
  TrashDropsPolicySnapshots,
  TrashTakesUserSnapshots,
  UndeletesAlone,
} from "./broken/shares";
import type { MemoryDriver, MemoryStore } from "./memory";

/** One way to be wrong, and the cases that must find it out. */
export interface BrokenDriver {
  open(store: MemoryStore, env: DriverEnv): Driver;
  caughtBy: string[];
}

const open = (Broken: typeof MemoryDriver) => (store: MemoryStore, env: DriverEnv) => new Broken(store, env);

/** The ten of the design, and more. */
export const brokenDrivers: Record<string, BrokenDriver> = {
  "rename-publish": {
    open: open(RenamePublish),
    caughtBy: ["race: of two instances creating one name exactly one succeeds, and what it made stays"],
  },
  "take-over without claim": {
    open: open(TakeOverWithoutClaim),
    caughtBy: [
      "take-over: the uid and the bytes stay, the new claim holds",
      "take-over: the claim before it can no longer update",
      "take-over: the claim before it can no longer grow",
      "take-over: the claim before it can no longer roll back",
      "take-over: the claim before it can no longer trash",
      "race: of two take-overs with one claim exactly one succeeds",
    ],
  },
  "partial list as empty": {
    open: open(PartialListAsEmpty),
    caughtBy: [
      "fault: a list that fails half-way throws, and never returns less than there is",
      "identity: list of a pool whose storage is away is UNAVAILABLE, and all is there when it is back",
      "identity: a pool that is away is still missed by a driver opened meanwhile",
    ],
  },
  "delete by name": {
    open: open(DeleteByName),
    caughtBy: ["trash: of what had the name before does nothing to what has it now"],
  },
  "takes a slot twice": {
    open: open(SlotByName),
    caughtBy: [
      "given: a slot of a policy is taken once, whatever the snapshot is called; others of the policy, and of others, are free",
      "race: of two instances taking one slot of a policy under two names exactly one succeeds",
    ],
  },
  "clone keeps uid": {
    open: open(CloneKeepsUid),
    caughtBy: ["clone: it has its own uid, claim, owner and labels, never those of its source"],
  },
  "undo of a published object": {
    open: open(UndoesPublished),
    caughtBy: ["abort: an object that another instance has seen is never undone"],
  },
  "purge by the caller's clock": {
    open: open(PurgesByCallersClock),
    caughtBy: ["purge: a caller's clock two days ahead does not bring the time nearer, in any instance"],
  },
  "resize that shrinks": {
    open: open(ResizeShrinks),
    caughtBy: ["grow: to less is PRECONDITION_FAILED; size and bytes stay"],
  },
  "forgets idempotency": {
    open: open(ForgetsIdempotency),
    caughtBy: ["create: the same uid again after a lost reply neither makes a second object nor empties the first"],
  },
  "ignores revision": {
    open: open(IgnoresRevision),
    caughtBy: [
      "update: with an older or a coming revision it is CONFLICT and changes nothing",
      "update: a stale revision stops a grow and a trash as well",
      "race: of two updates of one revision exactly one succeeds and the other is CONFLICT",
    ],
  },
  "ignores claim": {
    open: open(IgnoresClaim),
    caughtBy: [
      "update: with another claim it is CONFLICT and changes nothing",
      "trash: with another claim it is CONFLICT, and the object stays live",
    ],
  },
  "trusts the name of a pool": {
    open: open(TrustsPoolName),
    caughtBy: ["identity: list with another identity than the pool's is PRECONDITION_FAILED and changes nothing"],
  },
  "resurrects trash": {
    open: open(ResurrectsTrash),
    caughtBy: ["trash: a create under the name of something in the trash is new and empty, never brought back"],
  },
  "throws on a second delete": {
    open: open(ThrowsOnSecondDelete),
    caughtBy: ["trash: of a uid that is gone succeeds, as often as it is repeated"],
  },
  "hands out what it stores": {
    open: open(MutableReference),
    caughtBy: ["create: what a caller does to an object it was given changes nothing that is stored"],
  },
  "promises too much of new pools": {
    open: open(PromisesTooMuch),
    caughtBy: [
      "pool: what prospect tells that a new one could do is the truth, and all of it where it tells what every pool does",
    ],
  },
  "conceals limits of new pools": {
    open: open(ConcealsLimits),
    caughtBy: [
      "pool: what prospect tells that a new one could do is the truth, and all of it where it tells what every pool does",
    ],
  },
  "lists one page": {
    open: open(ListsOnePage),
    caughtBy: ["list: one of more objects than a page has every one of them once"],
  },
  "publishes before the bytes are there": {
    open: open(PublishesEarly),
    caughtBy: ["abort: during a clone nothing is visible under its name before it is whole"],
  },
  "ignores the revision of a policy": {
    open: open(PolicyIgnoresRevision),
    caughtBy: [
      "policy: an update with an older or a coming revision is CONFLICT and changes nothing",
      "policy: of two updates of one revision exactly one succeeds and the other is CONFLICT",
    ],
  },
  "keeps a policy by its name": {
    open: open(PolicyByName),
    caughtBy: ["policy: the same uid again is ALREADY_EXISTS and changes nothing; two may have one name"],
  },
  "looks for a policy before it makes it": {
    open: open(PolicyLooksFirst),
    caughtBy: ["policy: of one owner there is one of a name, also where several make it at the same time"],
  },
  "forgets damaged policies": {
    open: open(ForgetsDamagedPolicies),
    caughtBy: ["policy: one whose record cannot be read is listed as damaged, and its uid is not free"],
  },
  "undelete keeps policies": {
    open: open(UndeleteKeepsPolicies),
    caughtBy: ["given: what comes back from the trash has its settings, and no policies until it is attached again"],
  },
  "clone keeps policies": {
    open: open(CloneKeepsPolicies),
    caughtBy: ["given: a clone starts without the policies, the settings and the origin of its source"],
  },
  "share snapshot follows symbolic links": {
    open: open(FollowsLinks),
    caughtBy: ["share snapshot: symbolic links are copied as links, wherever they lead, and never followed"],
  },
  "share snapshot taken while written": {
    open: open(CopiesWhileWritten),
    caughtBy: ["share snapshot: what was written to while it was copied is IN_USE, and nothing of the copy is kept"],
  },
  "trash takes user snapshots": {
    open: open(TrashTakesUserSnapshots),
    caughtBy: [
      "companions: a snapshot that a person took keeps the volume, is named, and nothing has moved",
      "snapshot: a live one keeps its volume out of the trash until it is gone",
    ],
  },
  "trash drops policy snapshots": {
    open: open(TrashDropsPolicySnapshots),
    caughtBy: [
      "companions: snapshots that policies took go to the trash with their volume, expire with it, and come back with it",
    ],
  },
  "undeletes alone": {
    open: open(UndeletesAlone),
    caughtBy: [
      "companions: snapshots that policies took go to the trash with their volume, expire with it, and come back with it",
    ],
  },
  "companions expire early": {
    open: open(CompanionsExpireEarly),
    caughtBy: [
      "companions: none ends before its volume's time, with the volume's data none of theirs, and each can come back alone",
    ],
  },
};
