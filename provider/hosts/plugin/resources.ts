import {
  CheckFailure,
  type CheckRequest,
  CheckResponse,
  type CreateRequest,
  CreateResponse,
  type DeleteRequest,
  type DiffRequest,
  DiffResponse,
  type ReadRequest,
  ReadResponse,
  type UpdateRequest,
  UpdateResponse,
} from "@pulumi/pulumi/proto/provider_pb";
import { lifecycles } from "../../lifecycle";
import type { CheckFailure as Failure, Lifecycle, Properties } from "../../lifecycle/lifecycle";
import { unknownValue } from "../../lifecycle/unknown";
import { redact } from "../../model/redact";
import { withDefaults } from "../defaults";
import { shownFailure } from "../shownFailure";
import { proposeName } from "./autonaming";
import { detailedDiff } from "./detailedDiff";
import { serviceError } from "./failures";
import type { Session } from "./session";
import { kindOf, ownerOf, typeOf } from "./urn";
import { type Decoded, decode, encode } from "./wire";

/** The engine's calls about resources. Everything but the wire is the lifecycle's. */

/** What the dynamic provider keeps among the inputs, and the plugin finds in a stack that has moved here. */
const providerKey = "__provider";
/** Who declared the inputs. Not the program's: it is added by check, so that the next one can tell a rename from a stranger. */
const ownerKey = "owner";
/**
 * Noted by a read from the id alone, and kept until the program first changes something: the owner among the inputs is the one
 * that the object came with. Taking it under management is no difference, so nothing is written for it alone.
 */
const importedKey = "imported";

function lifecycleOf(request: { getUrn(): string; getType(): string }): Lifecycle {
  return lifecycles[kindOf(request.getType() || typeOf(request.getUrn()))];
}

interface Split {
  owner: string | undefined;
  isImported: boolean;
  inputs: Properties;
}

/** Takes the hidden inputs apart from those that the lifecycle knows. */
function split({ properties }: Decoded): Split {
  const { [providerKey]: _, [ownerKey]: owner, [importedKey]: imported, ...inputs } = properties;
  return { owner: typeof owner === "string" ? owner : undefined, isImported: imported === true, inputs };
}

export async function check(request: CheckRequest, session: Session): Promise<CheckResponse> {
  const lifecycle = lifecycleOf(request);
  const owner = ownerOf(request.getUrn());
  const decodedNews = decode(request.getNews());
  const olds = split(decode(request.getOlds()));
  const news = split(decodedNews);
  const oldInputs = Object.keys(olds.inputs).length === 0 ? undefined : olds.inputs;
  const { inputs: placed, failures: naming } = proposeName(
    request.getAutonaming(),
    lifecycle.kind,
    withDefaults(lifecycle.kind, news.inputs, oldInputs, session.current().defaults),
    oldInputs,
  );
  // Inputs that come from the state, as an import's do, hold an owner; a program that declares one is told it is no property
  const isForeign = news.owner !== undefined && news.owner !== olds.owner && news.owner !== owner;
  const result = await lifecycle.check(
    {
      owner,
      oldOwner: olds.owner,
      oldInputs,
      newInputs: isForeign ? { ...placed, [ownerKey]: news.owner } : placed,
    },
    session.contextFor(request.getUrn()),
  );
  const response = new CheckResponse();
  const hidden = isStillAsImported(lifecycle, olds, result.inputs)
    ? { [ownerKey]: olds.owner, [importedKey]: true }
    : { [ownerKey]: owner };
  response.setInputs(encode({ ...result.inputs, ...hidden }, decodedNews.secrets));
  const shown = [...naming, ...result.failures].map((failure) => shownFailure(failure, decodedNews.properties));
  response.setFailuresList(shown.map(checkFailure));
  return response;
}

/** Whether an object was imported and is declared just as it was found. The first change also notes this stack as its owner. */
function isStillAsImported(lifecycle: Lifecycle, olds: Split, inputs: Properties): boolean {
  if (!olds.isImported || olds.owner === undefined) return false;
  return lifecycle.diff({ owner: olds.owner, oldState: olds.inputs, newInputs: inputs }).changed.length === 0;
}

export function checkFailure({ property, reason }: Failure): CheckFailure {
  const failure = new CheckFailure();
  failure.setProperty(property);
  failure.setReason(redact(reason));
  return failure;
}

export function diff(request: DiffRequest): DiffResponse {
  const { DIFF_NONE, DIFF_SOME } = DiffResponse.DiffChanges;
  const lifecycle = lifecycleOf(request);
  const oldState = withoutProvider(decode(request.getOlds()).properties);
  const news = split(decode(request.getNews()));
  // A refresh compares the inputs that it has with themselves
  const owner = news.isImported ? String(oldState.owner) : (news.owner ?? ownerOf(request.getUrn()));
  const result = lifecycle.diff({ owner, oldState, newInputs: news.inputs });
  const response = new DiffResponse();
  response.setChanges(result.changed.length > 0 ? DIFF_SOME : DIFF_NONE);
  response.setDiffsList(result.changed);
  response.setReplacesList(result.replaces);
  response.setDeletebeforereplace(result.deleteBeforeReplace);
  response.setHasdetaileddiff(true);
  const details = response.getDetaileddiffMap();
  for (const [path, difference] of detailedDiff(result, oldState, { ...news.inputs, [ownerKey]: owner }))
    details.set(path, difference);
  return response;
}

export async function create(request: CreateRequest, session: Session): Promise<CreateResponse> {
  const lifecycle = lifecycleOf(request);
  const decoded = decode(request.getProperties());
  const { inputs, owner = ownerOf(request.getUrn()) } = split(decoded);
  const context = session.contextFor(request.getUrn(), request.getTimeout());
  const response = new CreateResponse();
  if (request.getPreview()) {
    const { id, state } =
      lifecycle.expected?.({ owner, newInputs: inputs }, context) ?? nothingCertain(lifecycle, inputs);
    if (id !== undefined) response.setId(id);
    return response.setProperties(encode(state, decoded.secrets));
  }
  try {
    const { id, state } = await lifecycle.create({ owner, inputs }, context);
    response.setId(id);
    return response.setProperties(encode(state, decoded.secrets));
  } catch (error) {
    throw serviceError(error, { inputs: decoded.properties, secrets: decoded.secrets });
  }
}

function nothingCertain(lifecycle: Lifecycle, inputs: Properties): { id: undefined; state: Properties } {
  const outputs = Object.fromEntries(Object.keys(lifecycle.kind.outputs).map((key) => [key, unknownValue]));
  return { id: undefined, state: { ...inputs, ...outputs } };
}

export async function read(request: ReadRequest, session: Session): Promise<ReadResponse> {
  const lifecycle = lifecycleOf(request);
  const state = decode(request.getProperties());
  const oldInputs = decode(request.getInputs());
  const oldState = withoutProvider(state.properties);
  const context = session.contextFor(request.getUrn(), request.getTimeout());
  const result = await lifecycle.read({ id: request.getId(), oldState }, context);
  const response = new ReadResponse();
  if (!result) return response;
  const isImport = Object.keys(oldState).length === 0;
  const hidden = {
    // A resource that was last written by the dynamic host keeps what that one needs
    ...(oldInputs.properties[providerKey] === undefined ? {} : { [providerKey]: oldInputs.properties[providerKey] }),
    ...(result.state.owner === undefined ? {} : { [ownerKey]: result.state.owner }),
    ...(isImport || oldInputs.properties[importedKey] === true ? { [importedKey]: true } : {}),
  };
  const secrets = state.secrets.and(oldInputs.secrets);
  response.setId(result.id);
  response.setProperties(encode(result.state, secrets));
  return response.setInputs(encode({ ...result.inputs, ...hidden }, secrets));
}

export async function update(request: UpdateRequest, session: Session): Promise<UpdateResponse> {
  const lifecycle = lifecycleOf(request);
  const decoded = decode(request.getNews());
  const { inputs: newInputs } = split(decoded);
  const owner = ownerOf(request.getUrn());
  const oldState = withoutProvider(decode(request.getOlds()).properties);
  const context = session.contextFor(request.getUrn(), request.getTimeout());
  const response = new UpdateResponse();
  if (request.getPreview()) {
    const { state } =
      lifecycle.expected?.({ owner, oldState, newInputs }, context) ?? nothingCertain(lifecycle, newInputs);
    return response.setProperties(encode(state, decoded.secrets));
  }
  try {
    const { state } = await lifecycle.update({ id: request.getId(), owner, oldState, newInputs }, context);
    return response.setProperties(encode(state, decoded.secrets));
  } catch (error) {
    throw serviceError(error, { inputs: decoded.properties, secrets: decoded.secrets });
  }
}

export async function remove(request: DeleteRequest, session: Session): Promise<void> {
  const lifecycle = lifecycleOf(request);
  const oldState = withoutProvider(decode(request.getProperties()).properties);
  await lifecycle.delete({ id: request.getId(), oldState }, session.contextFor(request.getUrn(), request.getTimeout()));
}

function withoutProvider(state: Properties): Properties {
  const { [providerKey]: _, ...rest } = state;
  return rest;
}
