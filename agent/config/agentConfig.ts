import { readFileSync, statSync } from "node:fs";
import { isAbsolute } from "node:path";
import { z } from "zod";
import { KrStorageError, messageOf } from "../../provider/model/errors";
import { propertyPath, reasonOf } from "../../provider/model/issues";
import { objectName } from "../../provider/model/names";
import { duration, durationMs } from "../../provider/model/quantity";

/** Applications may be held still for this long at the most. */
export const longestHoldMs = 30_000;

const command = z
  .array(z.string().min(1))
  .min(1, { error: "name a program" })
  .refine(([program]) => program !== undefined && isAbsolute(program), {
    error: "the program is named by its whole path; there is no shell, and no search for it",
  });
const address = z.strictObject({
  /** It is sent a POST request with the hook's name, the policy's uid and the ids of the targets, as JSON. */
  url: z.url({ protocol: /^https?$/, error: "expected an http or https URL" }),
  headers: z.record(z.string(), z.string()).optional(),
});
const action = z.union([command, address], { error: "expected a program with its arguments as a list, or { url }" });

const hook = z.strictObject({
  /** Who may use it: beginnings of the owners of policies, such as "shop/prod/". */
  owners: z.array(z.string().min(1)).min(1, { error: "say whose policies may use it" }),
  /** Ids of the targets it may be used for. Default: all. */
  targets: z.array(z.string()).optional(),
  /** Holds the application still. */
  freeze: action,
  /** Lets it go on. Runs even where holding it still has failed, and more than once; it must bear that. */
  thaw: action,
  /** After this time it is let go on, whether the snapshot is there or not. At most "30s". Default "10s". */
  deadline: duration
    .refine((text) => durationMs(text) <= longestHoldMs, { error: "applications are held still for at most 30s" })
    .optional(),
});
export type HookAction = z.infer<typeof action>;
export type HookConfig = z.infer<typeof hook>;

const agentConfig = z.strictObject({
  /** Where metrics and health are served, `<address>:<port>`. Default "127.0.0.1:9810". */
  listen: z
    .string()
    .regex(/^(\[[0-9a-f:]+\]|[0-9.]+|localhost):\d{1,5}$/, {
      error: 'expected an address and a port, such as "127.0.0.1:9810"',
    })
    .optional(),
  /** How often changes of policies are looked for. Default "1m". */
  poll: duration.optional(),
  /** What is done about slots that went by while no agent ran: one snapshot for all of them, or none. Default "one". */
  catchUp: z.enum(["one", "none"]).optional(),
  /** How many snapshots a second are removed from one backend. Default 10. */
  prunesPerSecond: z.number().positive().max(10_000).optional(),
  /** How often pools are checked, or "never". Default "7d". */
  fsck: z.union([duration, z.literal("never")]).optional(),
  /** How many volumes of each pool have metrics of their own, the largest first. Default 1000. */
  volumeMetrics: z.int().min(0).max(100_000).optional(),
  /** A folder of the agent's own, for what must survive it. Default: $STATE_DIRECTORY, or ~/.local/state/krstorage. */
  state: z.string().refine(isAbsolute, { error: "expected a whole path" }).optional(),
  hooks: z.record(objectName, hook).optional(),
});
export type AgentConfig = z.infer<typeof agentConfig>;

/**
 * Reads the agent's own configuration, which says what hooks do, and so must be writable for nobody else. Throws INVALID_ARGUMENT for
 * what is wrong in it, PERMISSION_DENIED for a file that others can read or write.
 */
export function readAgentConfig(path: string | undefined): AgentConfig {
  if (path === undefined) return {};
  refuseOpenFile(path);
  const content = parseYaml(path);
  const read = agentConfig.safeParse(content ?? {});
  if (read.success) return read.data;
  const problems = read.error.issues.map(
    (issue) => `${propertyPath(["", ...issue.path]).replace(/^\./, "")}: ${reasonOf(issue)}`,
  );
  throw new KrStorageError("INVALID_ARGUMENT", `${path}: ${problems.join("; ")}`, { target: path });
}

function refuseOpenFile(path: string): void {
  let mode: number;
  let uid: number;
  try {
    ({ mode, uid } = statSync(path));
  } catch (error) {
    throw new KrStorageError("NOT_FOUND", `the agent's configuration ${path} cannot be read: ${messageOf(error)}`);
  }
  const self = process.getuid?.();
  if (self !== undefined && uid !== self && uid !== 0)
    throw new KrStorageError(
      "PERMISSION_DENIED",
      `${path} belongs to another user (${uid}); it says which programs are run`,
    );
  if ((mode & 0o077) !== 0)
    throw new KrStorageError(
      "PERMISSION_DENIED",
      `${path} can be read or written by others (mode ${(mode & 0o777).toString(8)}); it says which programs are run and may hold secrets: chmod 600 ${path}`,
    );
}

function parseYaml(path: string): unknown {
  try {
    const yaml = require("yaml") as typeof import("yaml");
    return yaml.parse(readFileSync(path, "utf8"));
  } catch (error) {
    // The parser's message goes on with the lines it is about, which may hold secrets
    const [line = ""] = messageOf(error).split("\n");
    throw new KrStorageError("INVALID_ARGUMENT", `${path} is no YAML: ${line.replace(/:$/, "")}`);
  }
}
