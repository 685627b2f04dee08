/** Values that must never be printed. Configuration registers them when it is read; errors and logs pass through `redact`. */
const secrets = new Set<string>();

/** Shorter values would blank out ordinary words; a credential that short protects nothing. */
const shortestSecret = 4;

/** Remembers a value that must never appear in a message, a log line or a state file. */
export function registerSecret(value: string): void {
  if (value.length >= shortestSecret) secrets.add(value);
}

// Up to the last "@" before the path: a password may hold one
const credentialsInUrls = /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/?#]+@/gi;
// A quoted value ends with its quote; without quotes it is the rest of the line, since schemes have several words
const authorizationHeaders = /\b(authorization["']?\s*[:=]\s*)(?:(["'])(?:(?!\2).)*\2?|[^"'\s][^\r\n]*)/gi;

/** `text` without any registered secret, credentials inside URLs, or Authorization headers. */
export function redact(text: string): string {
  let clean = text.replace(credentialsInUrls, "$1[redacted]@").replace(authorizationHeaders, "$1[redacted]");
  // The longest first: a secret that another one begins with must not leave its tail behind
  for (const secret of [...secrets].sort((a, b) => b.length - a.length)) clean = clean.replaceAll(secret, "[redacted]");
  return clean;
}
