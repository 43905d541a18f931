import type { SentRecord } from '../../support/events.ts';
import { type ParsedEvent, parseSent } from './parse-sent.ts';

/** One content of an event id, and the number of its deliveries. */
export interface SentContent extends ParsedEvent {
  readonly deliveries: number;
}

/** Records every sent delivery. */
export interface Ledger {
  /** Records one delivery of each. */
  sent(records: readonly SentRecord[]): void;
  readonly deliveries: () => number;
  /** Contents by event id; more than one is a conflict. */
  readonly contents: () => ReadonlyMap<string, readonly SentContent[]>;
  /** Number of deliveries that claim nothing, by failure code and digest of the value. */
  readonly refused: () => ReadonlyMap<string, number>;
}

/** Expected counts of dispositions after all deliveries are processed. */
export interface ExpectedCounts {
  readonly received: number;
  /** Applied plus stale: the order of arrival decides which. */
  readonly appliedOrStale: number;
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
    const read = parseSent(record);
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

/** @param counting - by event id the content that arrived first, which counts */
export function countExpected(
  ledger: Ledger,
  counting: ReadonlyMap<string, SentContent>,
): ExpectedCounts {
  const refused = [...ledger.refused().values()].reduce((sum, count) => sum + count, 0);
  const counts = { appliedOrStale: 0, duplicate: 0, conflict: 0, deadLetter: refused };
  for (const [eventId, contents] of ledger.contents()) {
    const first = counting.get(eventId);
    counts[first?.refusedAs === undefined ? 'appliedOrStale' : 'deadLetter'] += 1;
    counts.duplicate += (first?.deliveries ?? 1) - 1;
    for (const other of contents) if (other !== first) counts.conflict += other.deliveries;
  }
  return { received: ledger.deliveries(), ...counts };
}
