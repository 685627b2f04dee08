import { createHash } from "node:crypto";
import type { StoredObject } from "../drivers/driver";
import type { PolicyRecord } from "../drivers/record";
import { formatObjectId, formatPoolId, type ObjectId, parseObjectId } from "../model/names";
import { defaultKeepAtLeast, snapshotPolicy } from "../model/snapshotPolicy";
import { nextRuns } from "../retention";
import { healthProblem } from "../storage/claims";
import { newestOf, policyRefusal } from "../storage/policies";
import type { PoolView } from "../storage/poolView";
import { type Abilities, abilitiesOf, lacksShareSnapshots } from "./abilities";
import type { CheckFailure, CheckRequest, CheckResult, Context, Properties } from "./lifecycle";
import { type Acquaintance, lookAt } from "./look";
import { lostIn } from "./lost";
import { checkBearable } from "./policyBearable";
import { approvalSentence, removedByChange } from "./policyRetention";
import { textOf } from "./properties";
import { heldElsewhereSentence, twiceSentence } from "./sentences";
import { checkShape } from "./shape";
import { kindOf } from "./source";
import { hasUnknown } from "./unknown";

/** The hidden input by which a policy notices that a target is not the object any more that it was attached to. */
export const seenKey = "targetsSeen";

/** How many of the next runs a preview shows. */
const shownRuns = 3;

/** A target, and what a look at its pool showed. */
interface Target {
  index: number;
  id: ObjectId;
  view: PoolView | undefined;
  abilities: Abilities;
  object: StoredObject | undefined;
}

/** Checks a policy: its shape, then what its targets and their pools say. */
export async function checkPolicy(request: CheckRequest, context: Context): Promise<CheckResult> {
  const { inputs, failures } = checkShape(snapshotPolicy, withoutSeen(request));
  if (failures.length > 0) return { inputs, failures };
  const targets: Target[] = [];
  const acquaintance = acquaintanceOf(request, context);
  for (const [index, given] of idsOf(inputs.targets).entries()) {
    if (!given) continue;
    const id = context.storage.canonical(given);
    const target = await lookAtTarget(index, id, acquaintance(id), context);
    if ("failure" in target) failures.push({ property: `targets[${index}]`, reason: target.failure });
    else targets.push(target);
  }
  failures.push(...targets.flatMap((target) => checkTarget(target, context)), ...checkGroup(inputs));
  const bearable = targets.flatMap((target) =>
    checkBearable({ ...target, what: formatObjectId(target.id) }, inputs, request, context),
  );
  failures.push(...onePerProperty(bearable));
  const known = recordsOf(request, targets);
  const record = newestOf(known);
  const refused = checkHolder(request, inputs, record, context);
  if (refused) failures.push(refused);
  if (failures.length > 0) return { inputs, failures };
  sayRuns(request, inputs, context);
  sayDoubts(request, inputs, context);
  if (record && request.oldInputs) sayRemovals(inputs, record, targets, context);
  return { inputs: withSeen(inputs, request.oldInputs, targets), failures };
}

/** The ids in a list of targets; undefined for those that are not known yet. */
export function idsOf(targets: unknown): (ObjectId | undefined)[] {
  if (!Array.isArray(targets)) return [];
  return targets.map((target) => (typeof target === "string" ? parseObjectId(target) : undefined));
}

async function lookAtTarget(
  index: number,
  id: ObjectId,
  acquaintance: Acquaintance,
  context: Context,
): Promise<Target | { failure: string }> {
  const look = await lookAt(id, acquaintance, context);
  if ("failure" in look) return look;
  const found = look.view?.byName(id.name);
  const object = found?.phase === "live" ? found : undefined;
  return { index, id, view: look.view, abilities: abilitiesOf(id, look.view, context), object };
}

/** What the policy knew of a pool before this check. */
function acquaintanceOf({ oldInputs }: CheckRequest, { storage }: Context): (id: ObjectId) => Acquaintance {
  if (oldInputs === undefined) return () => "new";
  const known = new Set(
    idsOf(oldInputs.targets).flatMap((target) => (target ? formatPoolId(storage.canonical(target)) : [])),
  );
  return (id) => (known.has(formatPoolId(id)) ? "held" : "changed");
}

function checkTarget({ index, id, view, abilities, object }: Target, { plan }: Context): CheckFailure[] {
  const property = `targets[${index}]`;
  const what = formatObjectId(id);
  if (kindOf(id, view, plan) === "share") {
    const reason = lacksShareSnapshots(abilities, what, "take it out of targets");
    if (reason !== undefined) return [{ property, reason }];
  }
  if (!view) return [];
  if (!object) {
    if (plan.hasName(what)) return [];
    return [
      {
        property,
        reason: `there is no ${what}; declare it in this stack and pass the resource itself, or name one that exists`,
      },
    ];
  }
  if (object.record.kind === "snapshot")
    return [{ property, reason: `${what} is a snapshot; policies act on volumes and shares` }];
  const problem = healthProblem(object, what);
  return problem ? [{ property, reason: `${problem}; no policy can be attached to it` }] : [];
}

/** Many targets of one policy have one retention, so what is wrong with that is said once. */
function onePerProperty(failures: CheckFailure[]): CheckFailure[] {
  return failures.filter(({ property }, at) => failures.findIndex((other) => other.property === property) === at);
}

function checkGroup(inputs: Properties): CheckFailure[] {
  if (inputs.consistency !== "group") return [];
  return [
    {
      property: "consistency",
      reason: 'no pool of its targets can take snapshots of several objects at one instant; use "each"',
    },
  ];
}

/** The records of this policy in the pools of its targets: those of this owner, before and after a rename. */
function recordsOf({ owner, oldOwner }: CheckRequest, targets: Target[]): PolicyRecord[] {
  const views = new Set(targets.flatMap(({ view }) => view ?? []));
  const owners = [owner, oldOwner ?? owner];
  return [...views].flatMap((view) => view.policies()).filter((record) => owners.includes(record.owner));
}

function checkHolder(
  request: CheckRequest,
  inputs: Properties,
  record: PolicyRecord | undefined,
  { plan, storage }: Context,
): CheckFailure | undefined {
  const what = `policy "${String(inputs.name)}"`;
  const noted = lostIn(request.oldInputs);
  if (noted?.how === "superseded" && inputs.adopt !== noted.uid)
    return { property: "name", reason: heldElsewhereSentence(what, noted.uid) };
  if (request.oldInputs) return undefined;
  const other = plan.addName(what, request.owner);
  if (other) return { property: "name", reason: twiceSentence(what, other, request.owner) };
  if (!record || hasUnknown(inputs.adopt)) return undefined;
  const wanted = {
    owner: request.owner,
    stackId: storage.stackId,
    requested: {},
    labels: {},
    adopt: textOf(inputs.adopt),
  };
  const refused = policyRefusal(record, wanted);
  return refused === undefined ? undefined : { property: "name", reason: refused };
}

/** Says when a new or changed schedule runs, so that a wrong one is seen before it is in force. */
function sayRuns({ oldInputs }: CheckRequest, inputs: Properties, { log }: Context): void {
  const { schedule, timezone, enabled } = inputs;
  if (typeof schedule !== "string" || hasUnknown(timezone) || enabled === false) return;
  if (oldInputs && oldInputs.schedule === schedule && oldInputs.timezone === timezone) return;
  const zone = textOf(timezone) ?? "UTC";
  const runs = nextRuns(schedule, { timezone: zone, from: new Date(), count: shownRuns });
  const local = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "short" });
  log.info(
    `policy ${String(inputs.name)} (${schedule}, ${zone}) runs next at ${runs.map((run) => local.format(run)).join(", ")} (while \`krstorage agent\` or \`krstorage policy run\` does)`,
  );
}

/** Says what is allowed and hardly meant, where it is new. */
function sayDoubts({ oldInputs }: CheckRequest, inputs: Properties, { log }: Context): void {
  const isNews = (key: string) => JSON.stringify(inputs[key]) !== JSON.stringify(oldInputs?.[key]);
  const name = `policy ${String(inputs.name)}`;
  if (Array.isArray(inputs.targets) && inputs.targets.length === 0)
    log.warn(`${name} has no targets, so it takes nothing`);
  if (hasUnknown(inputs.retention) || hasUnknown(inputs.keepAtLeast)) return;
  if (!isNews("retention") && !isNews("keepAtLeast")) return;
  const rules = Object.entries(inputs.retention as Properties);
  // A rule that is no count, or -1, may keep any number
  const most = rules.reduce(
    (sum, [, count]) => sum + (typeof count === "number" && count >= 0 ? count : Number.NaN),
    0,
  );
  const least = typeof inputs.keepAtLeast === "number" ? inputs.keepAtLeast : defaultKeepAtLeast;
  if (most < least)
    log.info(
      `${name}: ${rules.map(([rule, count]) => `${rule} ${String(count)}`).join(" + ")} is below keepAtLeast ${least}${inputs.keepAtLeast === undefined ? " (the default)" : ""}: ${least} stay`,
    );
}

/** Says how many snapshots a lowered retention gives up at its next run. */
function sayRemovals(inputs: Properties, record: PolicyRecord, targets: Target[], { log }: Context): void {
  const views = [...new Set(targets.flatMap(({ view }) => view ?? []))];
  const removed = removedByChange(inputs, record, views);
  if (removed > 0) log.warn(approvalSentence(String(inputs.name), removed));
}

/**
 * Notes which objects the targets are now. An object that was undeleted, adopted or made anew is another one by uid or claim,
 * and has no policies: the note then differs from the state's, and the update attaches the policy again.
 */
function withSeen(inputs: Properties, oldInputs: Properties | undefined, targets: Target[]): Properties {
  const count = Array.isArray(inputs.targets) ? inputs.targets.length : Number.NaN;
  const objects = targets.flatMap(({ object }) => object ?? []);
  if (objects.length !== count)
    return oldInputs?.[seenKey] === undefined ? inputs : { ...inputs, [seenKey]: oldInputs[seenKey] };
  return { ...inputs, [seenKey]: seenOf(objects) };
}

/** The note of which objects they are. */
export function seenOf(objects: StoredObject[]): string {
  const identities = objects.map(({ record }) => `${record.uid}:${record.claim}`).sort();
  return createHash("sha256").update(identities.join()).digest("hex").slice(0, 12);
}

/** Inputs that come from the state, as an import's do, hold the note; a program that declares one is told it is no property. */
function withoutSeen(request: CheckRequest): CheckRequest {
  const { [seenKey]: seen, ...newInputs } = request.newInputs;
  return seen !== undefined && seen === request.oldInputs?.[seenKey] ? { ...request, newInputs } : request;
}
