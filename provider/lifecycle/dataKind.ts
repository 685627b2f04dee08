import type { StoredObject } from "../drivers/driver";
import type { ObjectRecord, ObjectSettings } from "../drivers/record";
import type { Kind } from "../model/kind";
import type { ObjectId } from "../model/names";
import type { PoolView } from "../storage/poolView";
import type { Abilities } from "./abilities";
import type { CheckFailure, Context, Properties } from "./lifecycle";

/** What is known of the pool that something new is declared in. Without a view it is still to be made, or could not be looked at. */
export interface PoolLook {
  view: PoolView | undefined;
  abilities: Abilities;
}

/** In what a kind that holds data differs from the others; everything else is in dataLifecycle.ts and dataCheck.ts. */
export interface DataKind {
  readonly kind: Kind;
  /** The word for it in records. */
  readonly word: ObjectRecord["kind"];
  /** Whether refresh may say that a missing one is gone, so that the next `up` makes a new one. Never where that one would be empty. */
  readonly missingIsGone: boolean;
  /** Where the object is, or undefined while its inputs are not known. */
  idOf(inputs: Properties): ObjectId | undefined;
  /** The id of what it is taken of or made from. */
  sourceOf(inputs: Properties): string | undefined;
  /** The inputs that the record keeps as spelled. */
  requestedOf(inputs: Properties): Record<string, unknown>;
  /** The inputs that a record says, besides labels and protection. */
  inputsOf(object: StoredObject, id: ObjectId): Properties;
  /** What the object is given, of its own and by its class; undefined where that is nothing. */
  settingsOf(inputs: Properties): ObjectSettings | undefined;
  /** The labels that it gets, of its own and by its class. */
  labelsOf(inputs: Properties): Record<string, string>;
  /** The size that is asked for, where the kind has one. */
  sizeOf(inputs: Properties): number | undefined;
  /** Outputs beyond those that every kind holding data has. */
  outputsOf(object: StoredObject): Properties;
  /** What can be known, beyond the common rules, to be refused when a new one is made. */
  checkNew(inputs: Properties, id: ObjectId, pool: PoolLook, context: Context): Promise<CheckFailure[]>;
}
