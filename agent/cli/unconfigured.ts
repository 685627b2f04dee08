import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { defaultFile, useLine } from "./configFile";
import type { Session } from "./session";

/**
 * The answer of a command that has found nothing, where nothing is configured: what was looked at, since that is hardly what was
 * meant, and what to do. Undefined where something is configured. `nothing` begins the sentence, such as "There are no pools".
 */
export function unconfigured(session: Session, nothing: string): string[] | undefined {
  const [backend] = session.config.backends;
  if (!session.config.isDefault || !backend) return undefined;
  const path = String(backend.driverOptions.path);
  return [`${nothing} in backend ${backend.name} (${path}): no configuration file is named.`, configHint()];
}

/** How a configuration comes into use, as one sentence: from what lies in the current folder if it can be. */
export function configHint(): string {
  if (existsSync(defaultFile)) return `There is a ${defaultFile} in this folder. ${useLine(resolve(defaultFile))}`;
  const isProject = ["Pulumi.yaml", "Pulumi.yml"].some((name) => existsSync(name));
  const where = isProject ? "this folder is a Pulumi project's" : "in the folder of its project";
  return `For a stack's (${where}): krstorage config from-stack --stack dev, then export KRSTORAGE_CONFIG=$PWD/${defaultFile}`;
}
