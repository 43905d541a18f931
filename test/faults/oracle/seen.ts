import type { OutputMessage } from '../../support/output-reader.ts';
import { canonical } from './canonical.ts';
import type { Evidence } from './evidence.ts';
import type { Ledger, SentContent } from './ledger.ts';

/** Everything that a check may look at. */
export interface Seen {
  readonly ledger: Ledger;
  readonly evidence: Evidence;
  /** In the order of each partition. */
  readonly messages: readonly OutputMessage[];
  /** The moment at which the state is judged. */
  readonly nowMs: number;
}

/** What is wrong, each in one line; empty: it holds. */
export type Check = (seen: Seen) => readonly string[];

/** Of each event id that was sent the content that counts: of several the one that is stored. */
export function countingContents({ ledger, evidence }: Seen): ReadonlyMap<string, SentContent> {
  const stored = new Map(
    [...evidence.facts, ...evidence.callbacks].map(({ eventId, data }) => [eventId, data]),
  );
  const counting = new Map<string, SentContent>();
  for (const [eventId, contents] of ledger.contents()) {
    const data = stored.get(eventId);
    const said = data === undefined ? undefined : canonical(JSON.parse(data));
    const first = contents.find((content) => canonical(content.data) === said) ?? contents[0];
    if (first !== undefined) counting.set(eventId, first);
  }
  return counting;
}

/** The object whose generations a message counts. */
export function objectOf({ topic, key, data }: OutputMessage): string {
  const { accountId } = data;
  return topic === 'access' && typeof accountId === 'string' ? accountId : key;
}

/** Those that occur more than once. */
export function repeatedIn(keys: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  return keys.filter((key) => seen.size === seen.add(key).size);
}
