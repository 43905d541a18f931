import { Temporal } from 'temporal-polyfill';

/** A point in time: an RFC 3339 instant, or a calendar date at a place. */
export type Moment = string | { readonly date: string; readonly zone: string };

/** The expectation in a rejection. */
export const INSTANT_EXPECTED =
  'an RFC 3339 instant with offset that exists, 1900 to 9999, at most 9 fractional digits';
export const MOMENT_EXPECTED = `${INSTANT_EXPECTED}; or {"date","zone"}: an ISO date, 1900 to 9999, and an IANA time zone`;

const FIRST_YEAR = 1900;
const LAST_MS = 253_402_300_799_999;

/** Zones and dates are few and repeat. What is remembered can be computed again at any time. */
const REMEMBERED_MAX_COUNT = 10_000;

/** `YYYY-MM-DDTHH:MM:SS`, where every RFC 3339 instant has the same digits at the same places. */
const FIXED_LENGTH = 19;
const OFFSET_LENGTH = 6;
const FRACTION_MAX_DIGITS = 9;

const ISO_DATE_LENGTH = 10;
const ZONE_MAX_CHARACTERS = 64;
/** A name of the IANA database; Temporal would accept an offset such as `+01:00` as a zone too. */
const ZONE_NAME = /^[A-Za-z][A-Za-z0-9_+/-]*$/;

const beginningsMs = new Map<string, number | undefined>();
const zones = new Set<string>();

interface ParsedInstant {
  /** Epoch milliseconds of the whole second. */
  readonly secondMs: number;
  readonly nanoseconds: number;
}

/**
 * The epoch milliseconds of a moment; fractions of a millisecond are cut off towards the past.
 * A date begins at 00:00 local time: at the earlier one where that occurs twice, at the instant of the change
 * where it is missing (Temporal's `compatible`).
 *
 * @throws RangeError when there is no such moment; the moments of an event that was read exist
 */
export function resolveMoment(moment: Moment): number {
  const resolvedMs = typeof moment === 'string' ? parseInstantMs(moment) : beginningOf(moment);
  if (resolvedMs === undefined) throw new RangeError(`no such moment: expected ${MOMENT_EXPECTED}`);
  return resolvedMs;
}

/** Whether `value` is a moment that `resolveMoment` resolves. */
export function isMoment(value: unknown): value is Moment {
  if (typeof value === 'string') return parseInstant(value) !== undefined;
  if (typeof value !== 'object' || value === null) return false;
  const { date, zone } = value as Partial<Record<string, unknown>>;
  if (typeof date !== 'string' || typeof zone !== 'string') return false;
  return beginningOf({ date, zone }) !== undefined;
}

/** Epoch nanoseconds of an RFC 3339 text; `undefined` if it is none or names no instant from 1900 to 9999. */
export function parseInstantNs(text: string): bigint | undefined {
  const parsed = parseInstant(text);
  if (parsed === undefined) return undefined;
  return BigInt(parsed.secondMs) * 1_000_000n + BigInt(parsed.nanoseconds);
}

/** Epoch milliseconds of an RFC 3339 text, finer fractions cut off; `undefined` as for `parseInstantNs`. */
export function parseInstantMs(text: string): number | undefined {
  const parsed = parseInstant(text);
  if (parsed === undefined) return undefined;
  return parsed.secondMs + Math.floor(parsed.nanoseconds / 1_000_000);
}

/** No regular expression and no Temporal: this runs for every event, Temporal is 20 times slower. */
function parseInstant(text: string): ParsedInstant | undefined {
  const localMs = parseLocalSecond(text);
  const offsetAt = text.length - (text.endsWith('Z') || text.endsWith('z') ? 1 : OFFSET_LENGTH);
  const offsetMs = parseOffset(text, offsetAt);
  const nanoseconds = parseFraction(text, offsetAt);
  if (localMs === undefined || offsetMs === undefined || nanoseconds === undefined) {
    return undefined;
  }
  const secondMs = localMs - offsetMs;
  return secondMs > LAST_MS ? undefined : { secondMs, nanoseconds };
}

/** Milliseconds of the local date and time, as if it were UTC. */
function parseLocalSecond(text: string): number | undefined {
  if (!hasFixedPunctuation(text)) return undefined;
  const dayMs = dayOf(digits(text, 0, 4), digits(text, 5, 2), digits(text, 8, 2));
  const hour = digits(text, 11, 2);
  const minute = digits(text, 14, 2);
  const second = digits(text, 17, 2);
  if (dayMs === undefined || !(hour < 24 && minute < 60 && second < 60)) return undefined;
  return dayMs + ((hour * 60 + minute) * 60 + second) * 1000;
}

function hasFixedPunctuation(text: string): boolean {
  return (
    text.length > FIXED_LENGTH &&
    text[4] === '-' &&
    text[7] === '-' &&
    (text[10] === 'T' || text[10] === 't') &&
    text[13] === ':' &&
    text[16] === ':'
  );
}

/** The number that the digits from `at` on write; `NaN` if one of them is none. */
function digits(text: string, at: number, count: number): number {
  let value = 0;
  for (let index = at; index < at + count; index += 1) {
    const digit = text.charCodeAt(index) - 48;
    value = digit >= 0 && digit <= 9 ? value * 10 + digit : Number.NaN;
  }
  return value;
}

/** Midnight UTC of a date that exists in the Gregorian calendar. */
function dayOf(year: number, month: number, day: number): number | undefined {
  if (!(year >= FIRST_YEAR && month >= 1 && month <= 12 && day >= 1)) return undefined;
  return day <= daysIn(year, month) ? Date.UTC(year, month - 1, day) : undefined;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function parseOffset(text: string, at: number): number | undefined {
  if (at < FIXED_LENGTH) return undefined;
  if (at === text.length - 1) return 0;
  const sign = text[at] === '+' ? 1 : -1;
  const hours = digits(text, at + 1, 2);
  const minutes = digits(text, at + 4, 2);
  const written = (text[at] === '+' || text[at] === '-') && text[at + 3] === ':';
  return written && hours < 24 && minutes < 60 ? sign * (hours * 60 + minutes) * 60_000 : undefined;
}

function parseFraction(text: string, offsetAt: number): number | undefined {
  if (offsetAt === FIXED_LENGTH) return 0;
  const count = offsetAt - FIXED_LENGTH - 1;
  if (text[FIXED_LENGTH] !== '.' || count < 1 || count > FRACTION_MAX_DIGITS) return undefined;
  const written = digits(text, FIXED_LENGTH + 1, count);
  return Number.isNaN(written) ? undefined : written * 10 ** (FRACTION_MAX_DIGITS - count);
}

function beginningOf({ date, zone }: { date: string; zone: string }): number | undefined {
  // The first part has a fixed length, so that no two pairs share a key.
  const key = `${date} ${zone}`;
  if (date.length !== ISO_DATE_LENGTH || zone.length > ZONE_MAX_CHARACTERS) return undefined;
  if (!beginningsMs.has(key)) {
    if (beginningsMs.size >= REMEMBERED_MAX_COUNT) beginningsMs.clear();
    beginningsMs.set(key, computeBeginning(date, zone));
  }
  return beginningsMs.get(key);
}

function computeBeginning(date: string, zone: string): number | undefined {
  const written = date[4] === '-' && date[7] === '-';
  const dayMs = dayOf(digits(date, 0, 4), digits(date, 5, 2), digits(date, 8, 2));
  if (!written || dayMs === undefined || !ZONE_NAME.test(zone)) return undefined;
  try {
    meetZone(zone);
    const midnight = Temporal.PlainDate.from(date).toPlainDateTime();
    return midnight.toZonedDateTime(zone, { disambiguation: 'compatible' }).epochMilliseconds;
  } catch (error) {
    // Both report an unknown zone only by throwing.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/**
 * Temporal asks twice before it refuses a zone, and an event may name a thousand that do not exist.
 *
 * @throws RangeError when there is no such zone
 */
function meetZone(zone: string): void {
  if (zones.has(zone)) return;
  new Intl.DateTimeFormat('en', { timeZone: zone });
  if (zones.size >= REMEMBERED_MAX_COUNT) zones.clear();
  zones.add(zone);
}
