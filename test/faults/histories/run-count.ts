/** Histories per property: `HISTORIES` in the environment, default 300. */
export const HISTORIES = Number(process.env['HISTORIES'] ?? 300);
