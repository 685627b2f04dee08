import { pool } from "./pool";
import { share } from "./share";
import { snapshot } from "./snapshot";
import { volume } from "./volume";

/** Every kind, by the word that records use for it. */
export const kinds = { pool, volume, share, snapshot };
export type KindName = keyof typeof kinds;
