import { z } from "zod";
import { quote } from "./names";

/** Says what is wrong with the name of a time zone, or undefined. Names are those of the IANA database, such as "Europe/Vienna" or "UTC". */
export function timezoneProblem(name: string): string | undefined {
  // Newer Nodes also take offsets, which know no summer time: what one of them accepts, all must.
  if (/^[A-Za-z]/.test(name) && isKnown(name)) return undefined;
  const ending = `/${name.trim().replaceAll(" ", "_").toLowerCase()}`;
  const meant =
    name === "" ? undefined : Intl.supportedValuesOf("timeZone").find((zone) => zone.toLowerCase().endsWith(ending));
  return `"${quote(name, 40)}" is not a time zone; ${meant ? `did you mean "${meant}"?` : 'write an IANA name, such as "Europe/Vienna" or "UTC"'}`;
}

/** Looking a zone up takes milliseconds, and a stack names the same few again and again. */
const known = new Set<string>(["UTC"]);

function isKnown(name: string): boolean {
  if (known.has(name)) return true;
  try {
    new Intl.DateTimeFormat("en-US", { timeZone: name });
    known.add(name);
    return true;
  } catch {
    return false; // a RangeError is how Intl says that it does not know the zone
  }
}

/** A time zone given by a user. */
export const timezoneText = z
  .string({ error: 'expected a time zone such as "Europe/Vienna"' })
  .superRefine((name, context) => {
    const problem = timezoneProblem(name);
    if (problem) context.addIssue({ code: "custom", message: problem });
  });
