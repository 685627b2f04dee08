import type { StoredObject } from "../drivers/driver";
import { formatObjectId, formatPoolId, type ObjectId } from "../model/names";
import { bytesOf, exactBytes } from "../model/quantity";
import { decideTakeOver, healthProblem, isUnheld, unheldSentence } from "../storage/claims";
import { sizeProblem } from "../storage/ensure";
import type { PoolView } from "../storage/poolView";
import { abilitiesOf } from "./abilities";
import { unmetWishes } from "./capable";
import type { DataKind } from "./dataKind";
import { immutableChanges } from "./diff";
import type { CheckFailure, CheckRequest, CheckResult, Context, Properties } from "./lifecycle";
import { type Acquaintance, lookAt } from "./look";
import { lostIn, takeUpMarker } from "./lost";
import { keepPlace } from "./place";
import { placeByClass } from "./placement";
import { textOf } from "./properties";
import { checkRoom, neededBytes, type Subject } from "./room";
import { heldElsewhereSentence, missingSentence, replaceSentence, twiceSentence } from "./sentences";
import { classOf } from "./settings";
import { checkShape } from "./shape";
import { benefitOfDoubt, hasUnknown, unknownValue } from "./unknown";

/**
 * Checks the shape, then takes one look at the pool and says everything that can be known to be refused later. The look is
 * advice: every change observes again. Where the backend cannot be reached, that is a warning, not a failure.
 */
export async function checkData(data: DataKind, request: CheckRequest, context: Context): Promise<CheckResult> {
  const { inputs: given, failures } = checkShape(data.kind, request);
  if (failures.length > 0) return { inputs: given, failures };
  const placed = await placeByClass(data, keepPlace(given, request.oldInputs, context.storage), request, context);
  if ("failure" in placed) return { inputs: given, failures: [placed.failure] };
  const { inputs } = placed;
  const oldId = placeIn(data, request.oldInputs, context);
  // While the new place is not known, what is known about the old one can still be checked
  const id = placeIn(data, inputs, context) ?? oldId;
  if (!id) return { inputs, failures: [] };
  const look = await lookAt(id, acquaintance(id, oldId, request), context);
  if ("failure" in look)
    return { inputs, failures: [{ property: "pool" in data.kind.inputs ? "pool" : "source", reason: look.failure }] };
  const subject = { data, request, inputs, id, what: formatObjectId(id) };
  const unheld = oldId && unheldIn(look.view, oldId, ownersOf(request));
  return {
    inputs: unheld && inputs.adopt === unheld.record.uid ? { ...inputs, [takeUpMarker]: unheld.record.uid } : inputs,
    failures: oldId ? await checkOld(subject, oldId, look.view, context) : await checkNew(subject, look.view, context),
  };
}

function acquaintance(id: ObjectId, oldId: ObjectId | undefined, { oldInputs }: CheckRequest): Acquaintance {
  if (oldInputs === undefined) return "new";
  return oldId && formatPoolId(oldId) === formatPoolId(id) ? "held" : "changed";
}

function placeIn(data: DataKind, inputs: Properties | undefined, context: Context): ObjectId | undefined {
  const id = inputs && data.idOf(inputs);
  return id && context.storage.canonical(id);
}

/** Who this resource's object may belong to: its owner, also under the name it had before. */
function ownersOf({ owner, oldOwner }: CheckRequest): string[] {
  return [owner, oldOwner ?? owner];
}

/** The object of that name that was brought back from the trash and is held by no stack, if it is of one of the owners. */
function unheldIn(view: PoolView | undefined, id: ObjectId, owners: string[]): StoredObject | undefined {
  const found = view?.byName(id.name);
  const isUnheldHere = found?.phase === "live" && isUnheld(found.record) && owners.includes(found.record.owner);
  return isUnheldHere ? found : undefined;
}

async function checkNew(subject: Subject, view: PoolView | undefined, context: Context): Promise<CheckFailure[]> {
  const { data, request, inputs, id, what } = subject;
  const other = context.plan.addName(what, request.owner, data.word);
  if (other)
    return [
      {
        property: "name",
        reason: twiceSentence(what, other, request.owner),
      },
    ];
  const existing = view?.byName(id.name);
  if (view && existing?.phase === "live") return checkTakeOver(subject, existing, view, context);
  const damaged = view?.damagedByName(id.name);
  if (damaged)
    return [{ property: "name", reason: `${what} exists, but ${damaged.problem}; check the pool (fsck) first` }];
  const namesake = view?.liveOf(request.owner);
  if (namesake && inputs.allowDataLoss !== namesake.record.uid) {
    const known = formatObjectId({ ...id, name: namesake.record.name });
    return [
      {
        property: "name",
        reason: `this stack's name owns ${known} already (uid ${namesake.record.uid}), but this state does not know it; declare name: "${namesake.record.name}" to take it over`,
      },
    ];
  }
  const trashed = view?.trashed(request.owner, id.name);
  if (trashed)
    context.log.info(
      `a former ${what} is in the trash until ${trashed.record.expiresAt}; a new one is made. To have the old one instead, before pulumi up: krstorage undelete ${formatPoolId(id)} ${trashed.record.uid}, and adopt: "${trashed.record.uid}"`,
    );
  const abilities = abilitiesOf(id, view, context);
  const failures = await data.checkNew(inputs, id, { view, abilities }, context);
  if ("pool" in data.kind.inputs) failures.push(...unmetWishes(data.word, inputs, abilities));
  return [...failures, ...checkRoom(subject, neededBytes(subject, { view, abilities }, context), view, context)];
}

function checkTakeOver(subject: Subject, existing: StoredObject, view: PoolView, context: Context): CheckFailure[] {
  const { data, request, inputs, what } = subject;
  // The second check of a replacement that the user has allowed: the old one goes to the trash before this one is made
  if (inputs.allowDataLoss === existing.record.uid) return [];
  if (existing.record.kind !== data.word)
    return [
      { property: "name", reason: `${what} exists already and is a ${existing.record.kind}; choose another name` },
    ];
  if (hasUnknown(inputs.adopt)) return [];
  const wanted = {
    owner: request.owner,
    stackId: context.storage.stackId,
    requested: benefitOfDoubt(data.requestedOf(inputs), existing.record.requested),
    labels: wantedLabels(data, inputs, existing),
    adopt: textOf(inputs.adopt),
  };
  const decision = decideTakeOver(existing.record, wanted, what, view.at);
  if ("refused" in decision) return [{ property: "name", reason: decision.refused }];
  const problem = healthProblem(existing, what);
  if (problem) return [{ property: "name", reason: `${problem}; it cannot be taken over as it is` }];
  const tooSmall =
    decision.how === "adopted" ? sizeProblem(existing, { sizeBytes: data.sizeOf(inputs) }, what) : undefined;
  return tooSmall ? [{ property: "size", reason: tooSmall }] : [];
}

function wantedLabels(data: DataKind, inputs: Properties, existing: StoredObject): Record<string, string> {
  const { labels } = existing.record;
  const isKnown = inputs.labels !== unknownValue && !hasUnknown(inputs.volumeClass);
  return isKnown ? benefitOfDoubt(data.labelsOf(inputs), labels) : labels;
}

async function checkOld(
  subject: Subject,
  oldId: ObjectId,
  view: PoolView | undefined,
  context: Context,
): Promise<CheckFailure[]> {
  const { data, request, inputs } = subject;
  const oldInputs = request.oldInputs as Properties;
  const oldWhat = formatObjectId(oldId);
  const isSamePool = formatPoolId(oldId) === formatPoolId(subject.id);
  const oldView = isSamePool ? view : await oldPool(oldId, context);
  const found = oldView?.byName(oldId.name);
  const owners = ownersOf(request);
  const mine =
    found?.phase === "live" && found.health !== "missing" && owners.includes(found.record.owner) ? found : undefined;
  if (oldView && !mine) {
    const failure = checkAbsent(subject, oldId, found, owners, oldView);
    return failure ? [failure] : [];
  }
  const unheld = unheldIn(oldView, oldId, owners);
  if (unheld && inputs.adopt !== unheld.record.uid)
    return [{ property: "name", reason: unheldSentence(oldWhat, unheld.record.uid) }];
  const noted = lostIn(oldInputs);
  if (noted?.how === "superseded" && inputs.adopt !== noted.uid) {
    return [
      {
        property: "name",
        reason: heldElsewhereSentence(oldWhat, noted.uid),
      },
    ];
  }
  const replaced = checkImmutable(data, oldInputs, inputs, oldWhat, mine);
  if (replaced) return replaced;
  const wanted = data.sizeOf(inputs);
  const current = mine?.record.sizeBytes ?? data.sizeOf(oldInputs);
  if (wanted === undefined || current === undefined || wanted === current) return [];
  if (wanted > current && classOf(inputs)?.allowExpansion === false)
    return [
      {
        property: "size",
        reason: `${oldWhat} may not grow: its class ${classOf(inputs)?.name ?? ""} says allowExpansion: false`,
      },
    ];
  if (wanted < current)
    return [{ property: "size", reason: shrinkSentence(oldWhat, current, wanted, oldInputs.size, inputs.size) }];
  return checkRoom(subject, wanted - current, view, context);
}

/** The pool of an object that is to move. A look that fails leaves less to check; the change itself observes again. */
async function oldPool(oldId: ObjectId, context: Context): Promise<PoolView | undefined> {
  const look = await lookAt(oldId, "held", context);
  return "view" in look ? look.view : undefined;
}

/** The state knows an object that is not there, or is somebody else's: refused, unless the user allows a new one. */
function checkAbsent(
  subject: Subject,
  oldId: ObjectId,
  found: StoredObject | undefined,
  owners: string[],
  view: PoolView,
): CheckFailure | undefined {
  const { data, request, inputs } = subject;
  const oldWhat = formatObjectId(oldId);
  if (found?.phase === "live" && !owners.includes(found.record.owner)) {
    if (inputs.adopt === found.record.uid) return undefined;
    return {
      property: "name",
      reason: `${oldWhat} (uid ${found.record.uid}) belongs to ${found.record.owner} now, not to this stack; nothing is changed. To hold it here again, set adopt: "${found.record.uid}"`,
    };
  }
  if (data.missingIsGone || view.damagedByName(oldId.name)) return undefined;
  const trashed = owners.map((owner) => view.trashed(owner, oldId.name)).find((object) => object !== undefined);
  const noted = lostIn(request.oldInputs);
  const uid = (noted?.how === "missing" ? noted.uid : undefined) ?? found?.record.uid ?? trashed?.record.uid;
  // A replacement that the user has allowed, interrupted after the old object had gone to the trash
  const isReplaced = immutableChanges(data.kind, request.oldInputs as Properties, inputs).length > 0;
  if (uid !== undefined && isReplaced && inputs.allowDataLoss === uid) return undefined;
  const permission = textOf(inputs.recreateIfMissing);
  if (permission !== undefined && (uid === undefined || permission === uid)) return undefined;
  return { property: "", reason: missingSentence(oldWhat, uid, found ?? trashed) };
}

/** Undefined where nothing immutable changes; no failures where the user allows the replacement. */
function checkImmutable(
  data: DataKind,
  oldInputs: Properties,
  inputs: Properties,
  oldWhat: string,
  mine: StoredObject | undefined,
): CheckFailure[] | undefined {
  const keys = immutableChanges(data.kind, oldInputs, inputs);
  if (keys.length === 0) return undefined;
  const uid = mine?.record.uid;
  if (uid !== undefined && inputs.allowDataLoss === uid) {
    const staysInPlace = !keys.some((key) => key === "name" || key === "pool");
    if (mine?.record.settings?.reclaimPolicy === "Retain" && staysInPlace)
      return [
        {
          property: keys[0] as string,
          reason: `${oldWhat} stays where it is when it is replaced (its class says reclaimPolicy: Retain); give the new one another name`,
        },
      ];
    if (!mine?.record.protection) return [];
    return [
      {
        property: keys[0] as string,
        reason: `${oldWhat} is protected; set deletionProtection: false in an update of its own first, then replace it`,
      },
    ];
  }
  return keys.map((key) => ({
    property: key,
    reason: replaceSentence(oldWhat, uid, oldInputs[key], inputs[key], inputs.allowDataLoss),
  }));
}

function shrinkSentence(
  what: string,
  current: number,
  wanted: number,
  oldSpelling: unknown,
  newSpelling: unknown,
): string {
  const from = typeof oldSpelling === "string" && bytesOf(oldSpelling) === current ? oldSpelling : exactBytes(current);
  return (
    `${what} cannot shrink from ${from} to ${String(newSpelling)} (${current - wanted} bytes less): what lies at its end would be lost. ` +
    `Declare size: "${from}" again, or make a smaller volume and copy into it`
  );
}
