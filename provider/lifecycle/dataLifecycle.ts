import type { StoredObject } from "../drivers/driver";
import type { ObjectRecord } from "../drivers/record";
import { hasCode, KrStorageError } from "../model/errors";
import { formatObjectId, formatPoolId, type ObjectId, parseObjectId } from "../model/names";
import { changeObject, discardMissing } from "../storage/change";
import { type HeldObject, isUnheld } from "../storage/claims";
import { ensureObject } from "../storage/ensure";
import { resolveSource } from "../storage/find";
import { maxLookAgeMs } from "../storage/looks";
import { releaseObject } from "../storage/reclaim";
import { removeObject } from "../storage/trash";
import { checkData } from "./dataCheck";
import type { DataKind } from "./dataKind";
import { inputsOf, lost, protectionChange, stateOf, withStatus } from "./dataState";
import { diffInputs, immutableChanges } from "./diff";
import { expectedState } from "./expected";
import {
  type Context,
  type CreateRequest,
  type CreateResult,
  type DeleteRequest,
  type ExpectedRequest,
  type ExpectedResult,
  type Lifecycle,
  PartialFailure,
  type Properties,
  type ReadRequest,
  type ReadResult,
  type UpdateRequest,
  type UpdateResult,
} from "./lifecycle";
import { protectionOf, signalFor, textOf } from "./properties";
import { missingSentence } from "./sentences";
import { imageOf } from "./source";

/** The life of a resource that holds data. The rules are the same for every such kind. */
export function dataLifecycle(data: DataKind): Lifecycle {
  return {
    kind: data.kind,
    check: (request, context) => checkData(data, request, context),
    diff: (request) => diffInputs(data.kind, request),
    expected: (request) => expected(data, request),
    create: (request, context) => create(data, request, context),
    read: (request, context) => read(data, request, context),
    update: (request, context) => update(data, request, context),
    delete: (request, context) => remove(request, context),
  };
}

function expected(data: DataKind, request: ExpectedRequest): ExpectedResult {
  const id = data.idOf(request.newInputs);
  const sizeBytes = data.sizeOf(request.newInputs);
  const certain = { status: "ready", ...(sizeBytes === undefined ? {} : { sizeBytes }) };
  return {
    id: id && formatObjectId(id),
    state: expectedState(data.kind, request, certain),
  };
}

async function create(data: DataKind, request: CreateRequest, context: Context): Promise<CreateResult> {
  const { inputs, owner } = request;
  const id = knownId(data, inputs);
  const object = await make(data, id, inputs, owner, context, signalFor("create", inputs, formatObjectId(id), context));
  return { id: formatObjectId(id), state: appliedState(data, id, object, inputs, owner) };
}

async function make(
  data: DataKind,
  id: ObjectId,
  inputs: Properties,
  owner: string,
  context: Context,
  signal: AbortSignal,
): Promise<StoredObject> {
  const { storage, plan } = context;
  const sourceId = data.sourceOf(inputs);
  const source = sourceId === undefined ? undefined : await resolveSource(storage, id, sourceId, signal);
  const { object, how } = await ensureObject(
    storage,
    id,
    {
      kind: data.word,
      owner,
      stackId: storage.stackId,
      requested: data.requestedOf(inputs),
      labels: data.labelsOf(inputs),
      settings: data.settingsOf(inputs),
      protection: protectionOf(inputs),
      sizeBytes: data.sizeOf(inputs),
      sourceUid: source?.record.uid,
      image: imageOf(inputs),
      adopt: textOf(inputs.adopt),
      progress: context.progress,
    },
    signal,
  );
  plan.doneBytes(formatPoolId(id), owner);
  if (how !== "created")
    context.log.info(
      `${formatObjectId(id)} (uid ${object.record.uid}) existed and was ${how === "adopted" ? `adopted; deletionProtection is ${object.record.protection ? "on" : "off"}` : "taken over from an interrupted run"}`,
    );
  return object;
}

/**
 * The state after a write. What was written must be what is read: a backend that ignores a change would otherwise show the
 * same diff for ever. Throws `PartialFailure`, because the object exists and the state must remember it.
 */
function appliedState(
  data: DataKind,
  id: ObjectId,
  object: StoredObject,
  inputs: Properties,
  owner: string,
): Properties {
  const state = stateOf(data, object, inputs, owner);
  const wanted = data.sizeOf(inputs);
  if (wanted === undefined || (object.record.sizeBytes === wanted && object.actualSizeBytes >= wanted)) return state;
  const target = formatObjectId(id);
  const failure = new KrStorageError(
    "PROTOCOL",
    `BackendIgnoredChange: ${target} was given the size ${wanted}, but the backend has recorded ${object.record.sizeBytes} and gives ${object.actualSizeBytes} bytes`,
    { target, outcome: "partial" },
  );
  throw new PartialFailure(target, state, failure);
}

async function read(data: DataKind, request: ReadRequest, context: Context): Promise<ReadResult | undefined> {
  const id = parseObjectId(request.id);
  if (!id)
    throw new KrStorageError("INVALID_ARGUMENT", `"${request.id}" is not the id of a ${data.word}`, {
      target: request.id,
    });
  const { oldState } = request;
  const uid = textOf(oldState.uid);
  const view = await context.storage.view(id, {
    maxAgeMs: maxLookAgeMs,
    identity: textOf(oldState.poolIdentity),
    signal: context.signal,
  });
  const object = uid === undefined ? view.byName(id.name) : view.byUid(uid);
  if (object && object.record.kind !== data.word)
    throw new KrStorageError("INVALID_ARGUMENT", `${request.id} is a ${object.record.kind}, not a ${data.word}`, {
      target: request.id,
    });
  if (object?.phase === "live") {
    if (uid !== undefined && object.record.claim !== oldState.claim) return superseded(data, request, object, uid);
    const inputs = inputsOf(data, object, id, oldState);
    const owner = uid === undefined ? object.record.owner : (textOf(oldState.owner) ?? object.record.owner);
    const result = { id: request.id, state: stateOf(data, object, inputs, owner), inputs };
    return object.health === "missing" && uid !== undefined ? lost(result, { how: "missing", uid }) : result;
  }
  if (uid === undefined) return undefined;
  const damaged = view.damaged.find((record) => record.uid === uid);
  if (damaged) return { id: request.id, ...withStatus(data, oldState, "damaged") };
  if (data.missingIsGone) return undefined;
  context.log.warn(missingSentence(formatObjectId(id), uid, object));
  return lost({ id: request.id, ...withStatus(data, oldState, "missing") }, { how: "missing", uid });
}

/** Another state has taken the object over: this one keeps what it knows, and check says what can be done. */
function superseded(data: DataKind, request: ReadRequest, object: StoredObject, uid: string): ReadResult {
  return lost({ id: request.id, ...withStatus(data, request.oldState, object.health) }, { how: "superseded", uid });
}

async function update(data: DataKind, request: UpdateRequest, context: Context): Promise<UpdateResult> {
  const { oldState, newInputs, owner } = request;
  const id = knownId(data, newInputs);
  const signal = signalFor("update", newInputs, request.id, context);
  const refused = immutableChanges(data.kind, oldState, newInputs);
  if (refused.length > 0 || !isSamePlace(id, request.id, context)) {
    throw new KrStorageError(
      "PRECONDITION_FAILED",
      `${request.id}: ${refused.join(", ") || "its id"} cannot change in place; nothing was changed`,
      { target: request.id },
    );
  }
  const held = heldOf(request.id, oldState);
  try {
    const object = await changeObject(
      context.storage,
      id,
      held,
      {
        owner,
        stackId: context.storage.stackId,
        requested: data.requestedOf(newInputs),
        labels: data.labelsOf(newInputs),
        settings: data.settingsOf(newInputs) ?? {},
        sizeBytes: data.sizeOf(newInputs),
        adopt: textOf(newInputs.adopt),
        ...protectionChange(oldState, newInputs),
      },
      signal,
    );
    context.plan.doneBytes(formatPoolId(id), owner);
    return { state: appliedState(data, id, object, newInputs, owner) };
  } catch (error) {
    if (!hasCode(error, "NOT_FOUND")) throw error;
    if (newInputs.recreateIfMissing !== held.uid) {
      const found = (await context.storage.view(id, { maxAgeMs: maxLookAgeMs, signal })).byUid(held.uid);
      throw new KrStorageError("NOT_FOUND", `${missingSentence(request.id, held.uid, found)}; nothing was changed`, {
        target: request.id,
        cause: error,
      });
    }
    await discardMissing(context.storage, id, held, signal);
    const object = await make(data, id, newInputs, owner, context, signal);
    return { state: appliedState(data, id, object, newInputs, owner) };
  }
}

async function remove(request: DeleteRequest, context: Context): Promise<void> {
  const id = parseObjectId(request.id);
  if (!id)
    throw new KrStorageError("INVALID_ARGUMENT", `"${request.id}" is not an id of ours; nothing was deleted`, {
      target: request.id,
    });
  const held = heldOf(request.id, request.oldState);
  const signal = signalFor("delete", request.oldState, request.id, context);
  const result =
    (await recordOf(id, held, context, signal))?.settings?.reclaimPolicy === "Retain"
      ? await releaseObject(context.storage, id, held, signal)
      : await removeObject(context.storage, id, held, signal);
  if (result === "released")
    context.log.info(
      `${request.id} (uid ${held.uid}) was let go, not deleted: its class says reclaimPolicy: Retain. To hold it again, declare it with adopt: "${held.uid}"`,
    );
  if (result === "superseded") {
    const found = await recordOf(id, held, context, signal);
    const why =
      found && isUnheld(found)
        ? "it was brought back from the trash, and this state does not hold it since"
        : "another state holds it now, so it is not this one's to delete";
    context.log.warn(`${request.id} (uid ${held.uid}) was not deleted: ${why}`);
  }
}

/** The record of what a state holds, whoever holds it now: it counts, not what the state says. */
async function recordOf(
  id: ObjectId,
  { uid, poolIdentity }: HeldObject,
  { storage }: Context,
  signal: AbortSignal,
): Promise<ObjectRecord | undefined> {
  const view = await storage.view(id, { maxAgeMs: maxLookAgeMs, identity: poolIdentity, signal });
  return view.byUid(uid)?.record;
}

function heldOf(id: string, state: Properties): HeldObject {
  const { uid, claim, poolIdentity } = state;
  if (typeof uid === "string" && typeof claim === "string" && typeof poolIdentity === "string")
    return { uid, claim, poolIdentity };
  throw new KrStorageError(
    "PRECONDITION_FAILED",
    `the state of ${id} does not say which object it is (no uid); run "pulumi refresh"`,
    { target: id },
  );
}

function isSamePlace(id: ObjectId, text: string, { storage }: Context): boolean {
  const other = parseObjectId(text);
  return other !== undefined && formatObjectId(storage.canonical(other)) === formatObjectId(storage.canonical(id));
}

function knownId(data: DataKind, inputs: Properties): ObjectId {
  const id = data.idOf(inputs);
  if (id) return id;
  throw new KrStorageError("INTERNAL", `a ${data.word} reached the provider before its place was known`);
}
