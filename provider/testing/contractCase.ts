import { type Bench, openBench } from "./bench";
import { type Feature, type Harness, type Hook, supports } from "./harness";
import { assertUnsupported } from "./unsupported";

/** One thing that every driver must do, ready to run against one backend. */
export interface ContractCase {
  name: string;
  run(): Promise<void>;
  /** Why it cannot run here. */
  skip?: string;
  /** How long it may take before a runner gives it up. Never a measure of speed. */
  timeoutMs: number;
}

/** A case as its theme declares it. */
export interface CaseDefinition {
  name: string;
  /** What it does to the backend past the driver. Without these hooks it is skipped. */
  hooks?: Hook[];
  /** What it needs of the backend. Without one of these, what runs is the proof that it is refused. */
  needs?: Feature[];
  timeoutMs?: number;
  run(bench: Bench): Promise<void>;
}

const usualTimeoutMs = 60_000;

export function bindCase(definition: CaseDefinition, harness: Harness): ContractCase {
  const refused = definition.needs?.find((feature) => !supports(harness, feature));
  const missingHook = refused ? undefined : definition.hooks?.find((hook) => harness[hook] === undefined);
  return {
    name: refused ? `${definition.name} (no ${refused} here: refused)` : definition.name,
    ...(missingHook ? { skip: `the harness has no "${missingHook}"` } : {}),
    timeoutMs: definition.timeoutMs ?? usualTimeoutMs,
    run: () => runOnFreshStorage(harness, refused ? (bench) => assertUnsupported(bench, refused) : definition.run),
  };
}

async function runOnFreshStorage(harness: Harness, run: (bench: Bench) => Promise<void>): Promise<void> {
  try {
    const bench = await openBench(harness);
    try {
      await run(bench);
    } finally {
      await bench.close();
    }
  } finally {
    await harness.cleanup();
  }
}
