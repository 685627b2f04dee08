import { durationMs } from "../model/quantity";
import { anyOf, deadlineSaying } from "../storage/deadline";
import type { Context, Properties } from "./lifecycle";

const defaultTimeoutMs = 10 * 60_000;

export function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
export function labelsOf(inputs: Properties): Record<string, string> {
  return (inputs.labels as Record<string, string> | undefined) ?? {};
}
export function protectionOf(inputs: Properties): boolean | undefined {
  return inputs.deletionProtection as boolean | undefined;
}

/** Aborts when the engine cancels, or when the time that `timeouts` allows has passed. */
export function signalFor(
  operation: "create" | "update" | "delete",
  inputs: Properties,
  what: string,
  context: Context,
): AbortSignal {
  const text = (inputs.timeouts as Record<string, string> | undefined)?.[operation];
  // The engine's own limit, where there is one, is in the context's signal already
  const ms = text === undefined ? (context.timeoutMs ?? defaultTimeoutMs) : durationMs(text);
  return anyOf(
    context.signal,
    deadlineSaying(
      ms,
      `${what}: ${operation} did not finish within ${text ?? `${ms / 60_000}m`}; raise timeouts.${operation}, or look at what keeps the backend`,
    ),
  );
}
