import type { StateResource } from "./testStack";

export interface PoliciesSeen {
  policies: { uid: string; name: string; generation: number }[];
  attached: { id: string; uid: string; generation: number }[];
}

/** A backend as the engine tests handle it past the driver: the bytes of a volume or share that must survive, and the harm that is done to it. */
export interface EngineBackend {
  readonly name: string;
  /** `krstorage:backends` of a stack that uses it under the name `main`. */
  config(): Record<string, unknown>;
  env(): NodeJS.ProcessEnv;
  write(object: StateResource, text: string): Promise<void>;
  read(object: StateResource, length: number): Promise<string>;
  /** Everything in the pool, by the library. */
  list(poolId: string): Promise<{ uid: string; id: string; kind: string; phase: string }[]>;
  /** The snapshot policies in the pool, and what they are attached to. */
  policies(poolId: string): Promise<PoliciesSeen>;
  /** Deletes an object by the library, behind the engine's back. */
  delete(id: string): Promise<void>;
  undelete(poolId: string, uid: string): Promise<void>;
  removeBehindBack(object: StateResource): Promise<void>;
  /** Takes the storage away as an unmounted disk would; returns what brings it back. */
  unmount(): Promise<() => Promise<void>>;
  /** Puts other, empty storage with a pool of the same name in its place; returns what brings the first back. */
  swap(poolName: string): Promise<() => Promise<void>>;
}

/** What the tables of the spine need beside that: what differs between backends, and is right in each. */
export interface SpineBackend extends EngineBackend {
  /** The type of a volume's connection. */
  readonly volumeConnection: string;
  /** What the sizes of volumes are rounded up to, in bytes. */
  readonly granularityBytes: number;
  /** Makes a volume larger past the driver. */
  growBehindBack(volume: StateResource, sizeBytes: number): Promise<void>;
  /** The I/O operations a second that a volume is limited to: by the backend, or by the hypervisor that its connection tells. */
  iopsLimit(volume: StateResource): Promise<number | undefined>;
}
