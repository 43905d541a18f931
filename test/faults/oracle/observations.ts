import type { OutputMessage } from '../../support/output-reader.ts';
import { canonical } from './canonical.ts';
import type { Evidence } from './evidence.ts';
import type { Ledger, SentContent } from './ledger.ts';

/** Input of all checks. */
export interface Observations {
  readonly ledger: Ledger;
  readonly evidence: Evidence;
  /** In partition order. */
  readonly messages: readonly OutputMessage[];
  /** The moment at which the state is judged. */
  readonly nowMs: number;
}

/** Returns violations, one line each; empty if there is none. */
export type Check = (observed: Observations) => readonly string[];

/** The content that counts of each sent event id: if there are several, the stored one. */
export function selectCountingContents({
  ledger,
  evidence,
}: Observations): ReadonlyMap<string, SentContent> {
  const stored = new Map(
    [...evidence.facts, ...evidence.callbacks].map(({ eventId, data }) => [eventId, data]),
  );
  const counting = new Map<string, SentContent>();
  for (const [eventId, contents] of ledger.contents()) {
    const data = stored.get(eventId);
    const json = data === undefined ? undefined : canonical(JSON.parse(data));
    const first = contents.find((content) => canonical(content.data) === json) ?? contents[0];
    if (first !== undefined) counting.set(eventId, first);
  }
  return counting;
}

/** The object that the generation of a message belongs to. */
export function objectOf({ topic, key, data }: OutputMessage): string {
  const { accountId } = data;
  return topic === 'access' && typeof accountId === 'string' ? accountId : key;
}

/** Keys that occur more than once. */
export function findRepeated(keys: readonly string[]): readonly string[] {
  const observed = new Set<string>();
  return keys.filter((key) => observed.size === observed.add(key).size);
}
