import type { BackendPort } from "./backendPort";
import type { BackendLook, PoolLook } from "./look";
import type { RunOptions } from "./options";
import type { PolicyBook } from "./policyBook";
import type { BackendReport } from "./report";
import { runPool } from "./runPool";
import { slotTimes } from "./slotTimes";

/** Runs the policies on one backend that was looked at. Never throws: what fails stands in the report. */
export async function runBackend(
  port: BackendPort,
  look: BackendLook,
  book: PolicyBook,
  options: RunOptions,
): Promise<BackendReport> {
  const startedMs = options.clock.now();
  const policies = book.policies();
  const isFrozen = port.isReadOnly && !options.dryRun;
  const pools = isFrozen
    ? []
    : await Promise.all(oncePerIdentity(look.pools).map((pool) => runPool(port, pool, policies, options)));
  const targets = pools.flatMap((pool) => pool.targets);
  const here = new Set(look.pools.flatMap(({ listing }) => listing.policies.map(({ uid }) => uid)));
  const problems = [...policies.values()].filter((policy) => "problem" in policy && here.has(policy.uid));
  const nextMs = nextSlot(targets, look.pools);
  return {
    backend: port.name,
    startedMs,
    durationMs: options.clock.now() - startedMs,
    targets,
    problems: [...problems.filter((policy) => "problem" in policy), ...pools.flatMap((pool) => pool.problems)],
    failures: look.failures,
    skewMs: look.pools.reduce((most, { skewMs }) => (Math.abs(skewMs) > Math.abs(most) ? skewMs : most), 0),
    isFrozen,
    ...(nextMs === undefined ? {} : { nextMs }),
  };
}

/** Two names for one folder are one pool. */
function oncePerIdentity(pools: readonly PoolLook[]): PoolLook[] {
  return [...new Map(pools.map((pool) => [pool.listing.pool.record.identity, pool])).values()];
}

function nextSlot(targets: BackendReport["targets"], pools: readonly PoolLook[]): number | undefined {
  const nowMs = Math.min(...pools.map(({ listing }) => listing.at));
  const schedules = new Map(targets.map(({ policy }) => [`${policy.timezone} ${policy.schedule}`, policy]));
  const next = [...schedules.values()].flatMap((policy) => slotTimes(policy, nowMs).nextMs ?? []);
  return next.length === 0 ? undefined : Math.min(...next);
}
