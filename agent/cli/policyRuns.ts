import { KrStorageError } from "../../provider/model/errors";
import { readAgentConfig } from "../config/agentConfig";
import { runSettings, stateFolder } from "../config/runSettings";
import { agentPort } from "../run/agentPort";
import { Journal } from "../run/journal";
import type { RunOptions } from "../run/options";
import type { BackendReport } from "../run/report";
import { runOnce } from "../run/runOnce";
import type { Arguments, OptionDeclaration } from "./command";
import type { Session } from "./session";

export const policyArgument = { name: "[policy]", description: "only this policy, by name or uid (default: all)" };
export const agentConfigOption: OptionDeclaration = {
  flags: "--agent-config <file>",
  description: "the agent's own configuration, with its hooks (default: KRSTORAGE_AGENT_CONFIG)",
};

/** The file of the agent's own configuration, if any is named. */
export function agentConfigFile(session: Session, args: Arguments): string | undefined {
  return args.text("agentConfig") ?? (session.env.KRSTORAGE_AGENT_CONFIG || undefined);
}

/** One run over all backends, or only what it would do. Throws NOT_FOUND for a policy that is not there. */
export async function runPolicies(
  session: Session,
  args: Arguments,
  how: { dryRun: boolean; policy: string | undefined },
): Promise<BackendReport[]> {
  const { storage, signal, timing } = session;
  const log = { debug: () => undefined, info: () => undefined, warn: session.warn };
  const config = readAgentConfig(agentConfigFile(session, args));
  const settings = runSettings(config, session.env, timing, log);
  const { policy } = how;
  const options: RunOptions = {
    ...settings,
    dryRun: how.dryRun,
    signal,
    isStopping: () => signal.aborted,
    ...(policy === undefined ? {} : { only: ({ uid, name }) => uid === policy || name === policy }),
  };
  const reports = await runOnce(
    storage.backendNames().map((name) => agentPort(storage.backend(name))),
    options,
  );
  if (!how.dryRun) {
    const journal = new Journal(stateFolder(config, session.env), log);
    for (const report of reports) journal.record(report);
  }
  if (policy !== undefined) refuseUnknown(policy, reports);
  return reports;
}

function refuseUnknown(policy: string, reports: readonly BackendReport[]): void {
  const isIt = ({ uid, name }: { uid: string; name: string }) => uid === policy || name === policy;
  const isFound = reports.some(
    ({ targets, problems }) => targets.some((target) => isIt(target.policy)) || problems.some(isIt),
  );
  const isComplete = reports.every(({ failures }) => failures.length === 0);
  if (!isFound && isComplete)
    throw new KrStorageError(
      "NOT_FOUND",
      `there is no policy "${policy}" with targets; "krstorage policy ls" lists them`,
    );
}

/** What went wrong outside of targets, as lines for people. */
export function troubles(reports: readonly BackendReport[]): string[] {
  return reports.flatMap(({ backend, failures, problems, isFrozen }) => [
    ...(isFrozen ? [`${backend} is frozen: nothing was done there`] : []),
    ...failures.map(({ where, code, message }) => `${where}: ${code}: ${message}`),
    ...problems.map(({ name, uid, problem }) => `policy ${name} (${uid}): ${problem}`),
  ]);
}

/** A report as `--json` prints it. */
export function reportJson(report: BackendReport): object {
  const targets = report.targets.map(({ names, ...target }) => ({
    ...target,
    snapshots: Object.fromEntries(names ?? []),
  }));
  return { ...report, targets };
}
