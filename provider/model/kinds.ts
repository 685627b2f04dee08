import { pool } from "./pool";
import { share } from "./share";
import { snapshot } from "./snapshot";
import { snapshotPolicy } from "./snapshotPolicy";
import { volume } from "./volume";
import { volumeClass } from "./volumeClass";

/** Every kind, by the word that records use for it. */
export const kinds = { pool, volumeClass, volume, share, snapshot, snapshotPolicy };
export type KindName = keyof typeof kinds;
