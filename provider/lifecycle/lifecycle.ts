import type { Log, Progress } from "../drivers/driver";
import type { Kind } from "../model/kind";
import type { Storage } from "../storage/storage";
import type { Plan } from "./plan";

/**
 * What happens to a resource in its life, shaped by the protocol of Pulumi's plugins. A host fills in what it knows; a rule
 * never asks which host it is in.
 */
export interface Lifecycle {
  readonly kind: Kind;
  /** Validates, and says everything that can be known to be refused later. Never throws for a user's mistake. */
  check(request: CheckRequest, context: Context): Promise<CheckResult>;
  /** Says what differs. Pure; never throws, never refuses: refresh calls it inverted. */
  diff(request: DiffRequest): DiffResult;
  /** What a create or an update is certain to put out, for previews. Asks and changes nothing. Without it nothing is certain. */
  expected?(request: ExpectedRequest, context: Context): ExpectedResult;
  /** Throws `PartialFailure` when something exists that the state must remember. */
  create(request: CreateRequest, context: Context): Promise<CreateResult>;
  /** The live state, or undefined where the resource is gone for good. */
  read(request: ReadRequest, context: Context): Promise<ReadResult | undefined>;
  update(request: UpdateRequest, context: Context): Promise<UpdateResult>;
  delete(request: DeleteRequest, context: Context): Promise<void>;
}

/** Inputs or outputs as they cross the wire: plain JSON, with `unknown` values as the symbol of unknown.ts. */
export type Properties = Record<string, unknown>;

/** What one provider process shares between its calls. */
export interface Context {
  storage: Storage;
  plan: Plan;
  log: Log;
  /** Told how far a long copy is, where the host can show it at the resource. */
  progress?: ((progress: Progress) => void) | undefined;
  /** Aborted when the engine cancels, or when the time is up that the engine allows. */
  signal?: AbortSignal | undefined;
  /** How long the engine allows an operation to take, ms, where the program says so (`customTimeouts`). */
  timeoutMs?: number | undefined;
}

export interface CheckRequest {
  /** `<project>/<stack>/<parent chain + kind>/<logical name>`. */
  owner: string;
  /** The owner under which the old inputs were declared; another one after a rename. */
  oldOwner?: string | undefined;
  oldInputs?: Properties | undefined;
  newInputs: Properties;
}
export interface CheckFailure {
  /** A property path such as `size` or `access[0].client`; empty for the resource as a whole. */
  property: string;
  reason: string;
}
export interface CheckResult {
  inputs: Properties;
  failures: CheckFailure[];
}

export interface DiffRequest {
  owner: string;
  oldState: Properties;
  newInputs: Properties;
}
export interface DiffResult {
  /** The inputs that differ. */
  changed: string[];
  /** Those of them whose change replaces the object; only ever with the user's permission. */
  replaces: string[];
  /** The new object needs the name of the old one. */
  deleteBeforeReplace: boolean;
}

export interface ExpectedRequest {
  owner: string;
  /** Of an update. */
  oldState?: Properties | undefined;
  newInputs: Properties;
}
export interface ExpectedResult {
  /** Undefined while it is not known. */
  id: string | undefined;
  state: Properties;
}

export interface CreateRequest {
  owner: string;
  inputs: Properties;
}
export interface CreateResult {
  id: string;
  state: Properties;
}
export interface ReadRequest {
  id: string;
  /** Empty for an import or a `get`. */
  oldState: Properties;
}
export interface ReadResult {
  id: string;
  state: Properties;
  inputs: Properties;
}
export interface UpdateRequest {
  id: string;
  owner: string;
  oldState: Properties;
  newInputs: Properties;
}
export interface UpdateResult {
  state: Properties;
}
export interface DeleteRequest {
  id: string;
  oldState: Properties;
}

/** A create or update that failed after something had come to exist: the state must remember it, or it is orphaned. */
export class PartialFailure extends Error {
  constructor(
    readonly id: string,
    readonly state: Properties,
    readonly failure: Error,
  ) {
    super(failure.message, { cause: failure });
    this.name = "PartialFailure";
  }
}
