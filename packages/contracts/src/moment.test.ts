import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { expect, test } from 'vitest';
import { isMoment, parseInstantMs, parseInstantNs, resolveMoment } from './moment.ts';

function utc(text: string): number {
  return Date.parse(text);
}

test.each([
  // Ordinary days, in winter and in summer.
  ['2026-12-01', 'Europe/Berlin', '2026-11-30T23:00:00Z'],
  ['2026-07-01', 'America/Los_Angeles', '2026-07-01T07:00:00Z'],
  ['2026-12-01', 'Pacific/Auckland', '2026-11-30T11:00:00Z'],
  ['2026-12-01', 'UTC', '2026-12-01T00:00:00Z'],
  // Days on which clocks change after midnight begin before the change.
  ['2026-03-29', 'Europe/Berlin', '2026-03-28T23:00:00Z'],
  ['2026-10-25', 'Europe/Berlin', '2026-10-24T22:00:00Z'],
  ['2026-03-08', 'America/Los_Angeles', '2026-03-08T08:00:00Z'],
  ['2026-11-01', 'America/Los_Angeles', '2026-11-01T07:00:00Z'],
  ['2026-04-05', 'Pacific/Auckland', '2026-04-04T11:00:00Z'],
  ['2026-09-27', 'Pacific/Auckland', '2026-09-26T12:00:00Z'],
  // Midnight is missing: clocks went from 00:00 to 01:00.
  ['2018-11-04', 'America/Sao_Paulo', '2018-11-04T03:00:00Z'],
  // Midnight occurs twice: clocks went from 00:00 back to 23:00, or from 01:00 back to 00:00.
  ['2018-02-18', 'America/Sao_Paulo', '2018-02-18T03:00:00Z'],
  ['2018-11-04', 'America/Havana', '2018-11-04T04:00:00Z'],
  // The whole day is missing: Samoa crossed the date line.
  ['2011-12-30', 'Pacific/Apia', '2011-12-30T10:00:00Z'],
  ['2011-12-31', 'Pacific/Apia', '2011-12-30T10:00:00Z'],
  // The ends of the range.
  ['1900-01-01', 'UTC', '1900-01-01T00:00:00Z'],
  ['9999-12-31', 'Pacific/Honolulu', '9999-12-31T10:00:00Z'],
])('%s in %s begins at %s', (date, zone, instant) => {
  expect(resolveMoment({ date, zone })).toBe(utc(instant));
});

test.each([
  ['2026-12-01T08:00:00Z', '2026-12-01T08:00:00Z'],
  ['2026-12-01t08:00:00z', '2026-12-01T08:00:00Z'],
  ['2026-12-01T08:00:00+01:00', '2026-12-01T07:00:00Z'],
  ['2026-12-01T08:00:00-05:30', '2026-12-01T13:30:00Z'],
  ['2026-12-01T08:00:00-00:00', '2026-12-01T08:00:00Z'],
  ['2026-12-01T08:00:00.123456789Z', '2026-12-01T08:00:00.123Z'],
  ['2024-02-29T23:59:59.9+14:00', '2024-02-29T09:59:59.900Z'],
  ['1960-01-01T00:00:00.0015Z', '1960-01-01T00:00:00.001Z'],
  ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
])('%s is the instant %s', (text, instant) => {
  expect(resolveMoment(text)).toBe(utc(instant));
});

test.each([
  '',
  'tomorrow',
  '2026-12-01',
  '2026-12-01T08:00:00',
  '2026-12-01 08:00:00Z',
  '2026-12-01T08:00Z',
  '2026-12-01T08:00:00.Z',
  '2026-12-01T08:00:00.1234567890Z',
  '2026-12-01T08:00:00,5Z',
  '2026-12-01T08:00:00+1:00',
  '2026-12-01T08:00:00+0100',
  '2026-12-01T08:00:00+24:00',
  '2026-12-01T08:00:00+01:60',
  '2026-12-01T08:00:00 01:00',
  '2026-02-29T08:00:00Z',
  '2026-02-30T08:00:00Z',
  '2100-02-29T08:00:00Z',
  '2026-04-31T08:00:00Z',
  '2026-13-01T08:00:00Z',
  '2026-00-01T08:00:00Z',
  '2026-01-00T08:00:00Z',
  '2026-01-01T24:00:00Z',
  '2026-01-01T23:60:00Z',
  '2016-12-31T23:59:60Z',
  '1899-12-31T23:59:59Z',
  '9999-12-31T23:59:59-00:01',
  '-2026-01-01T00:00:00Z',
  '+002026-01-01T00:00:00Z',
  '２０２６-01-01T00:00:00Z',
  '2026-01-01T00:00:00Z[Europe/Berlin]',
  ' 2026-01-01T00:00:00Z',
  '2026-01-01T00:00:00Z\n',
])('%j is no instant', (text) => {
  expect(isMoment(text)).toBe(false);
  expect(parseInstantNs(text)).toBeUndefined();
  expect(parseInstantMs(text)).toBeUndefined();
  expect(() => resolveMoment(text)).toThrow(RangeError);
});

test.each([
  [{ date: '2026-02-30', zone: 'Europe/Berlin' }],
  [{ date: '2026-1-01', zone: 'Europe/Berlin' }],
  [{ date: '20260101', zone: 'Europe/Berlin' }],
  [{ date: '2026-01-01T00', zone: 'Europe/Berlin' }],
  [{ date: '1899-12-31', zone: 'Europe/Berlin' }],
  [{ date: '2026-01-01', zone: 'Europe/Atlantis' }],
  [{ date: '2026-01-01', zone: '+01:00' }],
  [{ date: '2026-01-01', zone: 'Z' }],
  [{ date: '2026-01-01', zone: '' }],
  [{ date: '2026-01-01', zone: 'A'.repeat(65) }],
  [{ date: '2026-01-01' }],
  [{ zone: 'Europe/Berlin' }],
  [{ date: 20260101, zone: 'Europe/Berlin' }],
  [['2026-01-01', 'Europe/Berlin']],
  [1_764_576_000_000],
  [null],
  [undefined],
])('%j is no moment', (value) => {
  expect(isMoment(value)).toBe(false);
});

test('nanoseconds are exact', () => {
  expect(parseInstantNs('2026-12-01T08:00:00.123456789+01:00')).toBe(1_796_108_400_123_456_789n);
  expect(parseInstantNs('1969-12-31T23:59:59.999999999Z')).toBe(-1n);
});

test('an instant is the one that Temporal computes', () => {
  const anyMs = fc.integer({ min: utc('1900-01-02T00:00:00Z'), max: utc('9999-12-30T00:00:00Z') });
  const anyOffset = fc.integer({ min: -1439, max: 1439 });

  fc.assert(
    fc.property(anyMs, fc.nat(999_999), anyOffset, (ms, finer, offsetMinutes) => {
      const instant = Temporal.Instant.fromEpochNanoseconds(
        BigInt(ms) * 1_000_000n + BigInt(finer),
      );
      const sign = offsetMinutes < 0 ? '-' : '+';
      const [hours, minutes] = [Math.abs(offsetMinutes) / 60, Math.abs(offsetMinutes) % 60];
      const timeZone = `${sign}${pad(Math.floor(hours))}:${pad(minutes)}`;
      const text = instant.toString({ timeZone });

      expect(parseInstantNs(text)).toBe(instant.epochNanoseconds);
      expect(parseInstantMs(text)).toBe(instant.epochMilliseconds);
    }),
  );
});

function pad(part: number): string {
  return String(part).padStart(2, '0');
}

test('a date that is asked for again begins when it did before, however many were asked for meanwhile', () => {
  const first = resolveMoment({ date: '2026-06-01', zone: 'Asia/Tokyo' });
  for (let day = 0; day < 10_500; day += 1) {
    resolveMoment({ date: new Date(day * 86_400_000).toISOString().slice(0, 10), zone: 'UTC' });
  }

  expect(resolveMoment({ date: '2026-06-01', zone: 'Asia/Tokyo' })).toBe(first);
  expect(first).toBe(utc('2026-05-31T15:00:00Z'));
});
