/** Of each property so many histories are tried: `HISTORIES` in the environment, 300 without it. */
export const HISTORIES = Number(process.env['HISTORIES'] ?? 300);
