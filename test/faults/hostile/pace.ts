import { ownMs } from './turns.ts';

/** What the yardstick takes on the machine on which the limits hold as they are written. */
const YARDSTICK_MS = 36;
const ROWS = Array.from({ length: 2_000 }, (_, index) => ({
  department: `D${index}`,
  startsAt: '2026-01-05T08:00:00Z',
  numbers: [index, index / 7, -index],
}));
const TEXT = JSON.stringify(ROWS);

/**
 * How many times as long this machine takes for the same work as the one that the limits were written for, at this
 * moment; at least 1. Machines differ, and others are busy on them from one second to the next: what is measured
 * beside it is divided by this.
 */
export function paceOfMachine(): number {
  return Math.max(1, ownMs(yardstick) / YARDSTICK_MS);
}

/** Parsing, sorting and writing: what reading a delivery is made of. */
function yardstick(): number {
  let length = 0;
  for (let times = 0; times < 20; times += 1) {
    const rows = JSON.parse(TEXT) as typeof ROWS;
    rows.sort((a, b) => (a.department < b.department ? -1 : 1));
    length += JSON.stringify(rows).length;
  }
  return length;
}
