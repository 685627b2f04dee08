import { isAbsolute } from "node:path";
import { z } from "zod";

const absolutePath = z.string().refine((path) => isAbsolute(path) && !path.includes("\0"), {
  error: (issue) => `"${String(issue.input).slice(0, 80)}" is not an absolute path; write it in full`,
});

/** The options of a `ceph` backend, beside those that every type takes. */
export const cephOptions = z.object({
  /** The monitors, as `host:port` or in Ceph's own form (`[v2:10.0.0.1:3300,v1:10.0.0.1:6789]`). Or give `configFile`. */
  monitors: z
    .array(z.string().regex(/^[\w.:,/[\]-]+$/, { error: "expected host:port" }))
    .min(1)
    .optional(),
  /** A ceph.conf that names the monitors, in place of `monitors`. */
  configFile: absolutePath.optional(),
  /** The cephx user, without "client.". Default "krstorage". */
  user: z
    .string()
    .regex(/^[\w.-]+$/, { error: "expected the name of a cephx user, without client." })
    .default("krstorage"),
  /** The user's cephx key. Or give `keyring`. */
  key: z
    .string()
    .regex(/^[\w+/=]+$/, { error: "expected a cephx key" })
    .meta({ secret: true })
    .optional(),
  /** A file that holds the user's cephx key, in place of `key`. */
  keyring: absolutePath.optional(),
  /** How many copies of the data new pools keep. Default 3. */
  replicas: z.int().min(1).max(10).default(3),
  /** The CephFS file system that shares are made in. Default: the only one that there is; where there are several, pools take no shares. */
  filesystem: z
    .string()
    .regex(/^[\w.-]+$/, { error: "expected the name of a file system" })
    .optional(),
  /** The Python that has Ceph's bindings (Debian: python3-rados and python3-rbd, which ceph-common brings). Default "/usr/bin/python3". */
  python: absolutePath.default("/usr/bin/python3"),
  /** How long the cluster may take to answer one request, in seconds, before it counts as unavailable. Default 30. */
  answerSeconds: z.int().min(1).max(600).default(30),
  /**
   * How long a delete, purge or rollback waits, in seconds, for clients that have the volume open and do not answer: the cluster
   * forgets one that has died after about half a minute. Those that answer are never waited for. Default 45.
   */
  deadClientSeconds: z.int().min(0).max(600).default(45),
});
export type CephOptions = z.output<typeof cephOptions>;

/** What is wrong with options that are right each by itself, as a sentence. */
export function optionsProblem({ monitors, configFile, key, keyring }: CephOptions): string | undefined {
  if ((monitors === undefined) === (configFile === undefined)) return "give exactly one of monitors, configFile";
  if (key !== undefined && keyring !== undefined) return "give one of key, keyring";
  return undefined;
}
