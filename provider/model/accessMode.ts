import { z } from "zod";

/** Who may use an object at once, in the words of Kubernetes. */
export const accessMode = z.enum(["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"], {
  error: "access modes are ReadWriteOnce, ReadOnlyMany, ReadWriteMany, ReadWriteOncePod",
});
export type AccessMode = z.infer<typeof accessMode>;

export const accessModes = z
  .array(accessMode)
  .min(1, { error: "name at least one access mode" })
  .refine((modes) => new Set(modes).size === modes.length, { error: "an access mode is named twice" });
