import { type Moment, resolveMoment } from '@latchkey/contracts';

const DAY_MS = 86_400_000;

/** The last date that a moment may name has no next one; it means "no end in sight" anyway. */
const LAST_DATE = '9999-12-31';
const LAST_MS = 253_402_300_799_999;

/** The instant at which something is over: an instant itself; a date where the next date begins at that place. */
export function resolveEnd(moment: Moment): number {
  if (typeof moment === 'string') return resolveMoment(moment);
  if (moment.date === LAST_DATE) return LAST_MS;
  return resolveMoment({ date: dateAfter(moment.date), zone: moment.zone });
}

function dateAfter(date: string): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + DAY_MS).toISOString().slice(0, 10);
}
