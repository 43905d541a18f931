import pg from 'pg';

const INT8 = 20;
const TIMESTAMPTZ = 1184;

/**
 * How columns arrive: `bigint` as a BigInt, `timestamptz` as milliseconds since 1970 (the session's
 * time zone is UTC), everything else as pg has it. Set for our own connections only.
 */
export const columnTypes: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: string) {
    if (format !== 'binary' && oid === INT8) return BigInt;
    if (format !== 'binary' && oid === TIMESTAMPTZ) return instantMs;
    // eslint-disable-next-line @typescript-eslint/no-unsafe-return, @typescript-eslint/no-unsafe-enum-assignment -- typed so by pg
    return pg.types.getTypeParser(oid, format as 'text');
  },
};

function instantMs(text: string): number {
  // 2026-11-24 04:48:17.123456+00
  return Date.parse(`${text.slice(0, 10)}T${text.slice(11, -3).slice(0, 12)}Z`);
}
