import { lstatSync } from "node:fs";
import type { Prospect } from "../driver";
import { expectedCapabilities } from "./capabilities";
import { requireOnlyOwn } from "./createPool";
import { filesystemOf } from "./filesystems";
import type { PoolPaths } from "./layout";
import { mountPointOf } from "./mounts";
import { nearestExisting, requireSafeRoot } from "./rootRules";
import type { Site } from "./site";
import { roomUnder } from "./usage";

/** What a new pool would be, without writing anything: whether files share blocks is taken from the file system's name, not tried. */
export function prospectOf(site: Site, name: string, paths: PoolPaths): Prospect {
  requireSafeRoot(site, paths.root);
  requireOnlyOwn(paths, `${site.backend}/${name}`);
  const existing = nearestExisting(paths.root);
  const filesystem = filesystemOf(existing)?.name;
  return {
    ...roomUnder(existing),
    allocatedBytes: 0,
    provisionedBytes: 0,
    capabilities: expectedCapabilities(filesystem),
    ...(filesystem === undefined ? {} : { medium: filesystem }),
    notes: notesOn(site.options.path, existing, filesystem),
  };
}

/** A path that is mistyped, or whose disk is not mounted, is made like any other; so it is said what is made, and where. */
function notesOn(path: string, existing: string, filesystem: string | undefined): string[] {
  if (lstatSync(path, { throwIfNoEntry: false })) return [];
  const mount = mountPointOf(existing);
  const where = mount === undefined ? "" : `, on ${mount}${filesystem === undefined ? "" : ` (${filesystem})`}`;
  return [`${path} does not exist and will be made${where}`];
}
