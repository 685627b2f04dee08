import { setImmediate as nextTurn } from "node:timers/promises";
import type { Call, DriverEnv, PoolRef, StoredPool } from "../../../provider/drivers/driver";
import { capacityOf, poolOf, refuse } from "./rules";
import type { MemoryPool, MemoryState } from "./state";
import type { MemoryStore } from "./store";

/** How the memory driver reaches its state: one turn away, as I/O is, and then in one step that nothing comes between. */
export class MemoryTransactions {
  constructor(
    protected readonly store: MemoryStore,
    protected readonly env: DriverEnv,
  ) {}

  protected async read<Result>(call: Call, look: (state: MemoryState) => Result): Promise<Result> {
    await answered(call);
    return structuredClone(look(this.store.read()));
  }
  protected async change<Result>(call: Call, change: (state: MemoryState) => Result): Promise<Result> {
    await answered(call);
    return structuredClone(this.store.change(change));
  }
  protected readPoolAs<Result>(
    ref: PoolRef,
    call: Call,
    look: (pool: MemoryPool, state: MemoryState) => Result,
  ): Promise<Result> {
    return this.read(call, (state) => look(this.poolOf(state, ref), state));
  }
  protected changePool<Result>(
    ref: PoolRef,
    call: Call,
    change: (pool: MemoryPool, state: MemoryState) => Result,
  ): Promise<Result> {
    return this.change(call, (state) => change(this.poolOf(state, ref), state));
  }

  protected poolOf(state: MemoryState, ref: PoolRef): MemoryPool {
    return poolOf(state, ref);
  }

  /** The backend's time. It follows the uptime, so a caller whose wall clock jumps does not move it. */
  protected now(state: MemoryState): number {
    const { clock } = this.env;
    const bootId = clock.bootId();
    if (state.clock?.bootId !== bootId) state.clock = { bootId, offset: clock.now() - clock.uptime() };
    return state.clock.offset + clock.uptime();
  }
  protected date(state: MemoryState): string {
    return new Date(this.now(state)).toISOString();
  }

  protected storedPool(pool: MemoryPool, state: MemoryState): StoredPool {
    return { record: pool.record, capacity: capacityOf(pool, state) };
  }
}

/** A turn in which others may act, with the signal heeded before and after. */
async function answered(call: Call): Promise<void> {
  if (!call.signal.aborted) await nextTurn();
  if (call.signal.aborted) refuse("CANCELLED", "cancelled before anything was done");
}
