import type { BackendPort } from "./backendPort";
import type { PoolLook } from "./look";
import type { RunOptions } from "./options";
import type { ActingPolicy, PolicyProblem } from "./policy";
import { prunePool } from "./prunePool";
import type { TargetReport } from "./report";
import { takeDue } from "./takeDue";
import { targetsIn } from "./targets";
import { beginWork, PoolKnowledge, reportOf, reportSkipped } from "./work";

export interface PoolReport {
  readonly targets: readonly TargetReport[];
  /** Policies of classes that cannot be run. */
  readonly problems: readonly PolicyProblem[];
}

/** Runs the policies in one pool: what is due is taken, then what is not needed any more removed. Never throws. */
export async function runPool(
  port: BackendPort,
  look: PoolLook,
  policies: ReadonlyMap<string, ActingPolicy | PolicyProblem>,
  options: RunOptions,
): Promise<PoolReport> {
  const isWanted = ({ policy }: { policy: ActingPolicy }) => options.only?.(policy) ?? true;
  const found = targetsIn(look, policies);
  const skipped = found.skipped.filter(isWanted);
  const before = new PoolKnowledge(look);
  const works = found.acting.filter(isWanted).map((acting) => beginWork(acting, before, options.catchUp ?? "one"));
  const known = options.dryRun ? before : await takeDue(port, before, works, options);
  await prunePool(port, known, works, skipped, options);
  return {
    targets: [...works.map((work) => reportOf(work, known)), ...skipped.map(reportSkipped)],
    problems: found.problems,
  };
}
