/** What came of holding applications still around a snapshot. */
export interface Held<Result> {
  readonly result: Result;
  /** Whether they were held still from before the snapshots until after. */
  readonly isApp: boolean;
  /** Why they were not, as a sentence. */
  readonly problem?: string;
}

/** Holds applications still while snapshots are taken. The names of hooks stand in policies; what they do, in the agent's configuration. */
export interface HookRunner {
  /**
   * Runs the hooks, `take`, and lets go again, whatever happens. Throws, before anything is held, where a hook is not known or its owner
   * may not use it, and where one fails.
   */
  around<Result>(
    hooks: readonly string[],
    policy: { readonly uid: string; readonly owner: string },
    targets: readonly string[],
    take: () => Promise<Result>,
  ): Promise<Held<Result>>;
}
