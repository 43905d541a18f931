import {
  binary,
  CONTRACTORS,
  HR,
  type SentEvent,
  type SentRecord,
  structured,
} from '../../support/events.ts';
import { generateJoinerHistory, generatePersonHistory } from './person-history.ts';
import { poisonLike } from './poison.ts';
import { openRandom, type Random } from './random.ts';
import { generateVerificationHistory } from './verification-history.ts';

export interface WorkloadOptions {
  readonly seed: number;
  /** Prefix of all ids, so that several workloads can share a database. */
  readonly prefix: string;
  readonly persons: number;
  /** 0 by default. */
  readonly verifications?: number;
  /**
   * Whether ended calls are reported; default true. Verdicts must then be processed within the grace period
   * (2 minutes): use false where processing may pause for longer.
   */
  readonly endedCalls?: boolean;
  /** Facts about persons: any (default), or one start each. */
  readonly histories?: 'any' | 'joiners';
  /** With any facts: how many a person has less than, after the first; default 9. */
  readonly maxFacts?: number;
  /** Share of events that are delivered twice; default 0.2. */
  readonly duplicateShare?: number;
  /** Share of events whose id is also delivered with other content; default 0.005. */
  readonly conflictShare?: number;
  /** Poison per event; default 0.005. */
  readonly poisonShare?: number;
  /** Maximum distance of reordering, in deliveries; default 500. */
  readonly reorderWindow?: number;
}

/**
 * Generates deliveries for the sources of the example policy: all events of all persons and verifications
 * at least once, some twice, reordered, with conflicts and poison. Deterministic for equal options. The key
 * is the external id of the person or the id of the verification.
 *
 * The final state depends on the set of events only: there are no tied facts, unknown conditions,
 * verifications with two possible ends, two verifications of one person, dates near now, or deadlines, if
 * all events of a verification are processed within 10 minutes. Exception: of conflicting contents the first
 * to arrive counts.
 */
export function generateWorkload(options: WorkloadOptions): readonly SentRecord[] {
  const random = openRandom(options.seed);
  const { duplicateShare = 0.2, conflictShare = 0.005, poisonShare = 0.005 } = options;
  const deliveries = generateHistories(random, options).flatMap((event, index) => {
    const others = random.chance(conflictShare) ? [otherContent(event)] : [];
    const again = random.chance(duplicateShare) ? [event] : [];
    const poison = random.chance(poisonShare) ? [poisonLike(random, event, index)] : [];
    const events = [event, ...again, ...others];
    return [...events.map((one) => encodeDelivery(random, one)), ...poison].map((record) => ({
      record,
      place: index + random.next() * (options.reorderWindow ?? 500),
    }));
  });
  return deliveries.toSorted((a, b) => a.place - b.place).map(({ record }) => record);
}

function generateHistories(random: Random, options: WorkloadOptions): readonly SentEvent[] {
  const { prefix, persons, verifications = 0, histories = 'any' } = options;
  const historyOf = histories === 'any' ? generatePersonHistory : generateJoinerHistory;
  const personEvents = Array.from({ length: persons }, (_, index) => {
    const source = random.chance(0.7) ? HR : CONTRACTORS;
    return historyOf(random, { source, externalId: `${prefix}-p${index}` }, options.maxFacts);
  });
  const verificationEvents = Array.from({ length: verifications }, (_, index) =>
    generateVerificationHistory(random, `${prefix}-v${index}`, options.endedCalls ?? true),
  );
  const all = [...personEvents, ...verificationEvents].map((events) => ({
    events,
    place: random.next(),
  }));
  return all.toSorted((a, b) => a.place - b.place).flatMap(({ events }) => events);
}

function encodeDelivery(random: Random, event: SentEvent): SentRecord {
  return random.chance(0.3) ? binary(event) : structured(event);
}

/** The same id with other content. With attributes, the state depends on which content counts. */
function otherContent(event: SentEvent): SentEvent {
  const data = event.data as Readonly<Record<string, unknown>>;
  const attributes = data['attributes'];
  if (typeof attributes !== 'object') return { ...event, data: { ...data, note: 'other content' } };
  return { ...event, data: { ...data, attributes: { ...attributes, location: 'Elsewhere' } } };
}
