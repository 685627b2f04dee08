import type { Log } from "../../provider/drivers/driver";
import type { Failure } from "../run/look";
import type { BackendReport } from "../run/report";

/** Says what a run has done and what went wrong; nothing where nothing happened. */
export function logReport(log: Log, report: BackendReport): void {
  logFailures(log, report.failures);
  for (const { name, uid, problem } of report.problems) log.warn(`policy ${name} (${uid}) is not run: ${problem}`);
  for (const { policy, target, status, reason, take, prune } of report.targets) {
    const what = `${target.id}: policy ${policy.name}`;
    if (status === "failed") log.warn(`${what}: failed: ${reason}`);
    else if (status === "skipped") log.debug(`${what}: skipped: ${reason}`);
    if (take?.action === "taken")
      log.info(`${what}: took ${take.name ?? take.slot}${take.reason ? ` (${take.reason})` : ""}`);
    if (prune?.action === "refused" || prune?.action === "tripped")
      log.warn(`${what}: nothing is pruned: ${prune.reason}`);
    if (prune && prune.removed.length > 0) log.info(`${what}: removed ${prune.removed.length} snapshots`);
  }
}

export function logFailures(log: Log, failures: readonly Failure[]): void {
  for (const { where, code, message } of failures) log.warn(`${where}: ${code === "" ? "" : `${code}: `}${message}`);
}
