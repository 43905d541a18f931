import type { Moment } from '@latchkey/contracts';

/** Epoch milliseconds of an instant, or of 00:00 local time of a date. */
export function millisecondsOf(moment: Moment): number {
  if (typeof moment === 'string') return Date.parse(moment);
  const asIfUtc = Date.parse(`${moment.date}T00:00:00Z`);
  const near = asIfUtc - offsetMs(asIfUtc, moment.zone);
  // Repeat from there: the offset of the zone may change in between.
  return asIfUtc - offsetMs(near, moment.zone);
}

/** Epoch milliseconds of an exclusive end: an instant itself; for a date, the start of the next date. */
export function endMillisecondsOf(moment: Moment): number {
  if (typeof moment === 'string') return Date.parse(moment);
  const next = new Date(Date.parse(`${moment.date}T00:00:00Z`) + DAY_MS);
  return millisecondsOf({ date: next.toISOString().slice(0, 10), zone: moment.zone });
}

const DAY_MS = 86_400_000;
const formats = new Map<string, Intl.DateTimeFormat>();

function offsetMs(atMs: number, zone: string): number {
  const known = formats.get(zone);
  const format =
    known ?? new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' });
  formats.set(zone, format);
  const name = format.formatToParts(atMs).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign, hours, minutes] = /GMT(?:([+-])(\d\d):(\d\d))?/.exec(name) ?? [];
  const size = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60_000;
  return sign === '-' ? -size : size;
}
