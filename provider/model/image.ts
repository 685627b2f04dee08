import { isAbsolute, normalize } from "node:path";
import { z } from "zod";

const isPlain = (path: string) => isAbsolute(path) && normalize(path) === path && !/\p{Cc}/u.test(path);

/** A file on the backend's host that a new volume starts with. It is copied, and stays as it is. */
export const image = z.strictObject({
  /** Absolute path of the file, without links in it, dots or doubled slashes. */
  path: z.string().refine(isPlain, { error: 'expected an absolute path, such as "/srv/images/debian.raw"' }),
  /** Its format. It is never found out by looking: a guest can write any header into its own disk. */
  format: z.literal("raw", {
    error: 'the format is "raw"; convert other images first (qemu-img convert -f qcow2 -O raw)',
  }),
});
export type Image = z.infer<typeof image>;
