import { callFunction } from "../lifecycle/functions";
import type { Context, Properties } from "../lifecycle/lifecycle";
import { Plan } from "../lifecycle/plan";
import { KrStorageError } from "../model/errors";
import type { FunctionName } from "../model/functions";
import { redact } from "../model/redact";
import { Storage } from "../storage/storage";
import { type StackConfig, storageConfigOf } from "./stackConfig";

/** Functions in the program itself, for stacks whose host is the dynamic provider, which has none. */

let context: Context | undefined;

/** Calls a function over the stack's configuration. Throws INVALID_ARGUMENT naming every input that is wrong. */
export async function callInProgram(name: FunctionName, args: Properties, config: StackConfig): Promise<Properties> {
  const log = { debug: () => undefined, info: () => undefined, warn: (text: string) => console.error(redact(text)) };
  context ??= { storage: new Storage(storageConfigOf(config), { log }), plan: new Plan(), log };
  const answer = await callFunction(name, args, context);
  if ("result" in answer) return answer.result;
  const issues = answer.failures.map(({ property, reason }) => ({ path: property, message: reason }));
  const text = issues.map(({ path, message }) => `${path}: ${message}`).join("; ");
  throw new KrStorageError("INVALID_ARGUMENT", `${name}: ${text}`, { issues });
}
