// The table of error codes, from the type that declares them; the generator fails where a code has no explanation.
import { readFileSync } from "node:fs";
import { inRoot } from "../lib/paths.mjs";

/** What a code means, and what to do about it. */
const explanations = {
  INVALID_ARGUMENT: ["An input or configuration value is not what it should be.", "Change what `issues` name."],
  NOT_FOUND: ["There is no such object, pool or backend.", "Check the id; look into the trash."],
  ALREADY_EXISTS: ["The name is taken.", "Choose another, or `adopt` the uid in the message."],
  CONFLICT: ["Another state or process holds or has changed the object.", "Refresh and try again, or `adopt` it."],
  IN_USE: ["Something uses the object.", "Stop the holder that is named."],
  PRECONDITION_FAILED: [
    "The object, pool or backend is not in a state for this.",
    "The message names the option or step.",
  ],
  UNSUPPORTED: ["This backend cannot do that.", "Use a pool that can."],
  UNAUTHENTICATED: ["The backend does not accept the credentials.", "Check the backend's configuration."],
  PERMISSION_DENIED: ["The credentials, or the user, may not do that.", "Grant it, or use others."],
  QUOTA_EXCEEDED: ["It does not fit.", "Purge, delete, or raise the capacity."],
  RATE_LIMITED: ["The backend asks for fewer calls.", "Try again later; lower `concurrency`."],
  TIMEOUT: ["It took longer than allowed.", "Observe before repeating; raise `timeout`."],
  UNAVAILABLE: ["The backend or pool cannot be reached.", "Mount it, start it, try again."],
  CANCELLED: ["The caller stopped it.", "Run it again."],
  PROTOCOL: ["The backend answered what it should not.", "Report it, with the message."],
  INTERNAL: ["A mistake in KRStorage.", "Report it, with the message."],
};

export function errorCodesDocument() {
  const source = readFileSync(inRoot("provider", "model", "errors.ts"), "utf8");
  const union = source.slice(
    source.indexOf("export type ErrorCode"),
    source.indexOf(";", source.indexOf("export type ErrorCode")),
  );
  const codes = [...union.matchAll(/"([A-Z_]+)"/g)].map(([, code]) => code);
  const unexplained = codes.filter((code) => !explanations[code]);
  if (unexplained.length > 0) throw new Error(`explain ${unexplained.join(", ")} in scripts/generate/errorCodes.mjs`);
  return [
    "# Error codes",
    "",
    "Every error is a `KrStorageError` with one of these codes, `retryable`, and `outcome`: `not-applied` (nothing changed), `unknown` (observe before",
    "acting on that name again) or `partial`.",
    "",
    "| code | meaning | what to do |",
    "| --- | --- | --- |",
    ...codes.map((code) => `| \`${code}\` | ${explanations[code].join(" | ")} |`),
    "",
  ].join("\n");
}
