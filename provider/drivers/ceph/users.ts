/**
 * The cephx user, without "client.", that KRStorage makes for whoever opens what has this uid: the volumes of a pool, or a share.
 * A uid is never given twice, so nobody else's has such a name.
 */
export const userOf = (uid: string) => `krs.${uid}`;
