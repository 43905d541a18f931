import { measureCpuMs } from './turns.ts';

/** CPU time of the reference work on the machine for which the limits were set. */
const REFERENCE_MS = 36;
const ROWS = Array.from({ length: 2_000 }, (_, index) => ({
  department: `D${index}`,
  startsAt: '2026-01-05T08:00:00Z',
  numbers: [index, index / 7, -index],
}));
const TEXT = JSON.stringify(ROWS);

/**
 * Measures how much slower this machine is at this moment than the one for which the limits were set; at least 1.
 * Divide measured times by it: machines and their load differ.
 */
export function measureSlowdown(): number {
  return Math.max(1, measureCpuMs(runReferenceWork) / REFERENCE_MS);
}

/** Parses, sorts and serialises, as reading a delivery does. */
function runReferenceWork(): number {
  let length = 0;
  for (let times = 0; times < 20; times += 1) {
    const rows = JSON.parse(TEXT) as typeof ROWS;
    rows.sort((a, b) => (a.department < b.department ? -1 : 1));
    length += JSON.stringify(rows).length;
  }
  return length;
}
