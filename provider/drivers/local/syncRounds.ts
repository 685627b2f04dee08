import { closeSync, fsync, openSync } from "node:fs";
import { open } from "node:fs/promises";

/** Makes a folder's entries, or a file, durable by path. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

interface Waiter {
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * The fsyncs of a pool, in rounds: what is asked for while one round runs is done in the next, and a folder that many have changed
 * is synced once a round for all of them. No fsync is left out. Calls that run at the same time get in step with each other this
 * way, so that the file system's journal is committed for many of them at once instead of for each.
 */
export class SyncRounds {
  private files: (Waiter & { descriptor: number })[] = [];
  private folders = new Map<string, Waiter[]>();
  private isRunning = false;

  /** Resolves when a file's content is durable. It must stay open until then. For what takes long, sync it directly before. */
  file(descriptor: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.files.push({ descriptor, resolve, reject });
      this.start();
    });
  }

  /** Resolves when every change made to a folder before this call is durable. */
  folder(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiters = this.folders.get(path);
      if (waiters) waiters.push({ resolve, reject });
      else this.folders.set(path, [{ resolve, reject }]);
      this.start();
    });
  }

  private start(): void {
    if (this.isRunning) return;
    this.isRunning = true;
    void this.run();
  }

  private async run(): Promise<void> {
    while (this.files.length > 0 || this.folders.size > 0) {
      // A turn of the event loop lets everything that is ready join
      await new Promise((resolve) => setImmediate(resolve));
      const files = this.files.splice(0);
      const folders = [...this.folders];
      this.folders = new Map();
      const endings = await Promise.all([
        ...files.map((file) => syncDescriptor(file.descriptor).then(...ends([file]))),
        ...folders.map(([path, waiters]) => syncFolder(path).then(...ends(waiters))),
      ]);
      for (const end of endings) end(); // together, so that they stay in step
    }
    this.isRunning = false;
  }
}

function ends(waiters: Waiter[]): [() => () => void, (error: unknown) => () => void] {
  return [
    () => () => {
      for (const waiter of waiters) waiter.resolve();
    },
    (error) => () => {
      for (const waiter of waiters) waiter.reject(error);
    },
  ];
}

/** fsync of an open file. */
export function syncDescriptor(descriptor: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fsync(descriptor, (error) => (error ? reject(error) : resolve()));
  });
}

async function syncFolder(path: string): Promise<void> {
  const descriptor = openSync(path, "r");
  try {
    await syncDescriptor(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
