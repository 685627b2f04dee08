import { pool } from "./pool";
import { snapshot } from "./snapshot";
import { volume } from "./volume";

/** Every kind, by the word that records use for it. */
export const kinds = { pool, volume, snapshot };
export type KindName = keyof typeof kinds;
