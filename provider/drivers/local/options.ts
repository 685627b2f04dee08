import { isAbsolute } from "node:path";
import { z } from "zod";

/** The options of a `local` backend, beside those that every type takes. */
export const localOptions = z.object({
  /** The folder that holds the pools. Absolute: a relative one would be another folder for every caller. */
  path: z.string().refine((path) => isAbsolute(path) && !path.includes("\0"), {
    error: (issue) =>
      `"${String(issue.input).slice(0, 80)}" is not an absolute path; write it in full, "~" is not expanded here`,
  }),
  /** A file system that is used although KRStorage does not vouch for it, by name ("tmpfs", "overlay", "nfs") or magic number ("0x6969"). */
  allowFilesystem: z.string().optional(),
  /** Whether folders above `path` are made even where nothing of it exists but a folder at the top, such as `/mnt`. Default false: it is refused then, as a mistyped path, or one on a disk that is not mounted. */
  makeParents: z.boolean().optional(),
  /** A group, by name or number, that may read and write the disks beside their owner (0660 instead of 0600). */
  group: z.string().optional(),
});
export type LocalOptions = z.output<typeof localOptions>;
