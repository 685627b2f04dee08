import type { StoredObject } from "../../provider/drivers/driver";
import { formerOwner } from "../../provider/storage/claims";

/** The stack that declares an object, "<project>/<stack>"; undefined where no stack does: what policies and programs made, what was let go. */
export function stackOf({ owner, taken }: StoredObject["record"]): string | undefined {
  const parts = owner.split("/");
  // "<project>/<stack>/<components and kind>/<name>"; this program's own are "cli/<kind>/<name>"
  if (taken !== undefined || formerOwner(owner) !== undefined || parts.length < 4) return undefined;
  return parts.slice(0, 2).join("/");
}
