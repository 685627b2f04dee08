import { hostname, userInfo } from "node:os";
import { KrStorageError } from "../../provider/model/errors";
import type { Storage, StorageEnv, StorageLibrary } from "../../provider/storage";
import type { AgentTiming } from "../daemon/timing";
import { systemTiming } from "../daemon/timing";

type StorageLayer = typeof import("../../provider/storage");

/** What one run of the CLI is given. */
export interface SessionOptions {
  /** The file named on the command line. */
  configFile?: string | undefined;
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
  progress?: StorageEnv["progress"];
  /** Whether a person can be asked. */
  isInteractive: boolean;
  /** For what must be said beside the answer. */
  warn: (message: string) => void;
  /** Default: this machine's clock. */
  timing?: AgentTiming | undefined;
}

/** One run of the CLI: the configuration, and the storage behind it, opened when a command first asks for it. */
export class Session {
  readonly signal: AbortSignal;
  readonly env: NodeJS.ProcessEnv;
  readonly isInteractive: boolean;
  readonly warn: (message: string) => void;
  /** The time, for whatever runs policies and for the drivers below. */
  readonly timing: AgentTiming;
  private opened: StorageLibrary | undefined;

  constructor(private readonly options: SessionOptions) {
    this.signal = options.signal;
    this.isInteractive = options.isInteractive;
    this.warn = options.warn;
    this.timing = options.timing ?? systemTiming;
    const { configFile } = options;
    this.env = configFile === undefined ? options.env : { ...options.env, KRSTORAGE_CONFIG: configFile };
  }

  /** The configuration file in use, if any. */
  get configFile(): string | undefined {
    return this.env.KRSTORAGE_CONFIG || undefined;
  }

  /** The configuration file in use. Throws PRECONDITION_FAILED where there is none: the default configuration stands in no file. */
  requireConfigFile(): string {
    if (this.configFile !== undefined) return this.configFile;
    throw new KrStorageError(
      "PRECONDITION_FAILED",
      'no configuration file is in use; name one with --config or KRSTORAGE_CONFIG, or write one with "krstorage init"',
    );
  }

  get library(): StorageLibrary {
    if (this.opened) return this.opened;
    // Loaded only here: help and completion need no storage
    const { resolveConfig, Storage, StorageLibrary } = require("../../provider/storage") as StorageLayer;
    const { signal, progress } = this.options;
    const actor = { by: `${userName()}@${hostname()} krstorage` };
    const storage = new Storage(resolveConfig({ env: this.env }), { actor, signal, progress, clock: this.timing });
    this.opened = new StorageLibrary(storage, "cli");
    return this.opened;
  }
  get storage(): Storage {
    return this.library.storage;
  }

  async close(): Promise<void> {
    await this.opened?.close();
  }
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return "unknown"; // a user id without an entry, as containers have
  }
}
