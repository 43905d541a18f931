/** Deliveries of a run; deterministic for equal options on the same day. */
export interface Workload {
  readonly seed: number;
  /** Prefix of all ids, so that several workloads can share a database. */
  readonly prefix: string;
  /** Number of distinct events, without duplicates and poison. */
  readonly events: number;
  /** Share of events about verifications; the others are about persons. */
  readonly verificationShare: number;
  /** Number of persons; undefined: 3.5 workforce events per person. */
  readonly persons: number | undefined;
  /**
   * Order of the events of different persons. `apart`: all starts, then all first moves and so on, each phase in another
   * order. `mixed`: as in daily operation, interleaved with those of about 2,000 other persons.
   */
  readonly order: 'apart' | 'mixed';
  /** Share of deliveries that are duplicates; below 1. */
  readonly duplicateShare: number;
  /** Share of deliveries that become dead letters; below 1. */
  readonly poisonShare: number;
  /** Share of workforce events about a single person. */
  readonly hotShare: number;
  /** Size to which events are padded; undefined: no padding, about half a KiB. */
  readonly payloadBytes: number | undefined;
  /** Midnight of the day of sending; past dates are relative to it. */
  readonly todayMs: number;
}

const DAY_MS = 86_400_000;

/**
 * Half verifications, half workforce. In production, phone traffic outnumbers personnel changes and costs less per
 * event, so this mix is conservative.
 */
export function standardWorkload(
  differing: Partial<Workload> & Pick<Workload, 'events'>,
): Workload {
  return {
    seed: 1,
    prefix: 'b',
    verificationShare: 0.5,
    persons: undefined,
    order: 'apart',
    duplicateShare: 0,
    poisonShare: 0,
    hotShare: 0,
    payloadBytes: undefined,
    todayMs: Math.floor(Date.now() / DAY_MS) * DAY_MS,
    ...differing,
  };
}
