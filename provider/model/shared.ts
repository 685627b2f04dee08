import { z } from "zod";
import { uidText } from "./names";
import { duration } from "./quantity";

const labelKey = z.string().regex(/^[A-Za-z0-9]([A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?$/, {
  error: 'a label key is 1 to 63 of letters, digits, ".", "_", "-", "/", beginning and ending with a letter or digit',
});
const labelValue = z
  .string()
  .max(255, { error: "a label value has at most 255 characters" })
  .refine((value) => !/\p{Cc}/u.test(value), { error: "a label value has no control characters" });

/** Free key-value pairs; at most 32. */
export const labels = z
  .record(labelKey, labelValue)
  .refine((all) => Object.keys(all).length <= 32, { error: "at most 32 labels" });

const someTime = duration.refine((text) => !/^0+[a-z]$/.test(text), { error: "give some time" });

/** How long one operation may take. */
export const timeouts = z.strictObject({
  /** For creating, such as "10m". Default "10m". */
  create: someTime.optional(),
  /** For changing in place. Default "10m". */
  update: someTime.optional(),
  /** For deleting. Default "10m". */
  delete: someTime.optional(),
});

/** Inputs that every kind holding data takes. */
export const dataInputs = {
  /** Free key-value pairs, at most 32; kept on the backend with the object. */
  labels: labels.optional(),
  /** Refuse to delete or replace this object until a separate update has set this to false. Default false; true for adopted objects. */
  deletionProtection: z.boolean().optional(),
  /** How long operations may take. */
  timeouts: timeouts.optional(),
  /** Take over the existing object with this uid instead of creating one. Without effect once it is taken over. */
  adopt: uidText.optional(),
  /** Permission to replace the object with this uid; the old one goes to the trash of its pool. Without effect on any other object. */
  allowDataLoss: uidText.optional(),
};

/** Outputs that every kind holding data has. */
export const dataOutputs = {
  /** The identity of this very object: new for every object ever created, never reused. */
  uid: uidText,
  /** `ready`; `missing`: it is not on its backend any more; `damaged`: its record or data cannot be read; `copied`: it is a copy of another object's files. */
  status: z.enum(["ready", "missing", "damaged", "copied"]),
  /** Which state holds the object. @internal */
  claim: z.string(),
  /** Who declares the object: project, stack, parent chain and kind, logical name. @internal */
  owner: z.string(),
  /** The identity of the pool that it was made in. A pool with another identity is never taken for it. */
  poolIdentity: z.string(),
};
