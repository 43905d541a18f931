import { Temporal } from 'temporal-polyfill';

export const DURATION_EXPECTED =
  'an ISO 8601 duration in weeks, days, hours, minutes and seconds, such as P30D or PT10M; months and years have no fixed length';

/** Milliseconds of an ISO 8601 duration, a day being 24 hours; `undefined` if it is none or has no fixed length. */
export function parseDurationMs(text: string): number | undefined {
  try {
    const duration = Temporal.Duration.from(text);
    if (duration.years !== 0 || duration.months !== 0 || duration.sign < 0) return undefined;
    return duration.total({ unit: 'milliseconds', relativeTo: '1970-01-01' });
  } catch (error) {
    // Temporal reports an invalid duration only by throwing.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
