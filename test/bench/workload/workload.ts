/** What is sent in a run. The same workload gives the same deliveries, on the same day. */
export interface Workload {
  readonly seed: number;
  /** Begins every id, so that several workloads can share a database. */
  readonly prefix: string;
  /** Each once; duplicates and poison come on top. */
  readonly events: number;
  /** Of the events, those about verifications; the others are about persons. */
  readonly verificationShare: number;
  /** Whom the workforce events are about; undefined: as many as get 3.5 events each. */
  readonly persons: number | undefined;
  /**
   * How the events of one person lie: `apart`, all starts before the first move and so on, each time in another
   * order; `mixed`, as from a company in its daily course: between those of some 2,000 others.
   */
  readonly order: 'apart' | 'mixed';
  /** Of all deliveries, those that bring an event again; below 1. */
  readonly duplicateShare: number;
  /** Of all deliveries, those that become dead letters; below 1. */
  readonly poisonShare: number;
  /** Of the workforce events, those about one and the same person. */
  readonly hotShare: number;
  /** Size of an event that is padded to it; undefined: as they are, about half a KiB. */
  readonly payloadBytes: number | undefined;
  /** Midnight of the day on which it is sent: what lies in the past is counted from here. */
  readonly todayMs: number;
}

const DAY_MS = 86_400_000;

/**
 * Half verifications, half workforce. Phone traffic outnumbers personnel changes by far, and costs less an
 * event: so even halves are on the safe side.
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
