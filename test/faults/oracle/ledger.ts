import type { SentRecord } from '../../support/events.ts';
import { readSent, type SaidEvent } from './read-sent.ts';

/** One content of an event id, and how often it was delivered. */
export interface SentContent extends SaidEvent {
  readonly deliveries: number;
}

/** Everything that was sent. */
export interface Ledger {
  /** Every call is one more delivery of each of these. */
  sent(records: readonly SentRecord[]): void;
  readonly deliveries: () => number;
  /** By event id; more than one content is a conflict. */
  readonly contents: () => ReadonlyMap<string, readonly SentContent[]>;
  /** Deliveries that claim nothing, by failure code and digest of their value. */
  readonly refused: () => ReadonlyMap<string, number>;
}

/** What must have become of all deliveries when all is done. */
export interface ExpectedCounts {
  readonly received: number;
  /** Applied and stale together: which of them depends on the order of arrival. */
  readonly told: number;
  readonly duplicate: number;
  readonly conflict: number;
  readonly deadLetter: number;
}

export function createLedger(): Ledger {
  const contents = new Map<string, Map<string, SentContent>>();
  const refused = new Map<string, number>();
  let deliveries = 0;
  const add = (record: SentRecord): void => {
    deliveries += 1;
    const read = readSent(record);
    if (read.kind === 'refused') {
      const key = `${read.code} ${read.digest}`;
      refused.set(key, (refused.get(key) ?? 0) + 1);
      return;
    }
    const { event } = read;
    const known = contents.get(event.eventId) ?? new Map<string, SentContent>();
    const earlier = known.get(event.content)?.deliveries ?? 0;
    known.set(event.content, { ...event, deliveries: earlier + 1 });
    contents.set(event.eventId, known);
  };
  return {
    sent: (records) => {
      records.forEach(add);
    },
    deliveries: () => deliveries,
    contents: () => new Map([...contents].map(([id, own]) => [id, [...own.values()]])),
    refused: () => refused,
  };
}

/** @param counting - of each event id the content that counts: the one that came first */
export function expectedCounts(
  ledger: Ledger,
  counting: ReadonlyMap<string, SentContent>,
): ExpectedCounts {
  const refused = [...ledger.refused().values()].reduce((sum, count) => sum + count, 0);
  const counts = { told: 0, duplicate: 0, conflict: 0, deadLetter: refused };
  for (const [eventId, contents] of ledger.contents()) {
    const first = counting.get(eventId);
    counts[first?.refusedAs === undefined ? 'told' : 'deadLetter'] += 1;
    counts.duplicate += (first?.deliveries ?? 1) - 1;
    for (const other of contents) if (other !== first) counts.conflict += other.deliveries;
  }
  return { received: ledger.deliveries(), ...counts };
}
