/** A step that takes longer has failed. */
export const LIMIT_MS = 120_000;
