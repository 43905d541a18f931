/** What takes longer than this has failed. */
export const LIMIT_MS = 120_000;
