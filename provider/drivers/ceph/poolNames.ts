/** What a pool is called in the cluster before it is published. Like the others here no name that a pool can be given. */
export const unfinishedName = (uid: string) => `krs-new.${uid}`;

/**
 * What a pool is called while one removal ends it. No other removal, and nobody else, gives it this name: a request of a removal that has
 * been taken over or back, and comes late, finds no pool.
 */
export const removingName = (uid: string, removal: string) => `krs-del.${uid}.${removal}`;
/** The same of the pool that holds the data of an erasure-coded one. */
export const removingDataName = (uid: string, removal: string) => `${removingName(uid, removal)}.data`;

/** Whether a pool of this name was being removed, by whichever removal, and the uid of its record. */
export const removedUid = (name: string) => /^krs-del\.([0-9a-f]{32})(\.[0-9a-f]{32})?$/.exec(name)?.[1];

export const isReserved = (name: string) => /^krs-(new|del|data)\./.test(name);
