import {
  binary,
  CONTRACTORS,
  HR,
  type SentEvent,
  type SentRecord,
  structured,
} from '../../support/events.ts';
import { joinerHistory, personHistory } from './person-history.ts';
import { poisonLike } from './poison.ts';
import { openRandom, type Random } from './random.ts';
import { verificationHistory } from './verification-history.ts';

export interface WorkloadOptions {
  readonly seed: number;
  /** Begins every id, so that several workloads can share a database. */
  readonly prefix: string;
  readonly persons: number;
  /** 0 by default. */
  readonly verifications?: number;
  /**
   * Whether calls are reported as ended; true by default. Then a verdict must be taken within the grace period
   * (2 minutes): say false where sending may stand still for longer.
   */
  readonly endedCalls?: boolean;
  /** What is stated about persons: anything (the default), or one start each. */
  readonly histories?: 'any' | 'joiners';
  /** Of all events, those that are delivered again; 0.2 by default. */
  readonly duplicateShare?: number;
  /** Of all events, those whose id comes with another content too; 0.005 by default. */
  readonly conflictShare?: number;
  /** Poison per event; 0.005 by default. */
  readonly poisonShare?: number;
  /** By how many deliveries one may overtake another; 500 by default. */
  readonly reorderWindow?: number;
}

/**
 * Deliveries for the sources of the example policy: every person's and verification's events at least
 * once, some twice, out of order, with conflicts and poison between them. The same options give the same
 * deliveries. Keys are the person's external id or the verification's, so one key stays in one partition.
 *
 * What the result depends on besides the set of events is avoided: two facts of one order, conditions
 * that are unknown, verifications that can end in two ways, two verifications of one person, dates near
 * now and deadlines, provided that what belongs to one verification is taken within 10 minutes. Which content of a conflicting id counts depends on which comes first.
 */
export function generateWorkload(options: WorkloadOptions): readonly SentRecord[] {
  const random = openRandom(options.seed);
  const { duplicateShare = 0.2, conflictShare = 0.005, poisonShare = 0.005 } = options;
  const deliveries = historiesOf(random, options).flatMap((event, index) => {
    const others = random.chance(conflictShare) ? [otherContent(event)] : [];
    const again = random.chance(duplicateShare) ? [event] : [];
    const poison = random.chance(poisonShare) ? [poisonLike(random, event, index)] : [];
    const events = [event, ...again, ...others];
    return [...events.map((one) => deliveryOf(random, one)), ...poison].map((record) => ({
      record,
      place: index + random.next() * (options.reorderWindow ?? 500),
    }));
  });
  return deliveries.toSorted((a, b) => a.place - b.place).map(({ record }) => record);
}

function historiesOf(random: Random, options: WorkloadOptions): readonly SentEvent[] {
  const { prefix, persons, verifications = 0, histories = 'any' } = options;
  const historyOf = histories === 'any' ? personHistory : joinerHistory;
  const people = Array.from({ length: persons }, (_, index) => {
    const source = random.chance(0.7) ? HR : CONTRACTORS;
    return historyOf(random, { source, externalId: `${prefix}-p${index}` });
  });
  const questions = Array.from({ length: verifications }, (_, index) =>
    verificationHistory(random, `${prefix}-v${index}`, options.endedCalls ?? true),
  );
  const all = [...people, ...questions].map((events) => ({ events, place: random.next() }));
  return all.toSorted((a, b) => a.place - b.place).flatMap(({ events }) => events);
}

function deliveryOf(random: Random, event: SentEvent): SentRecord {
  return random.chance(0.3) ? binary(event) : structured(event);
}

/** The same id with another content; where there are attributes, it makes a difference which one counts. */
function otherContent(event: SentEvent): SentEvent {
  const data = event.data as Readonly<Record<string, unknown>>;
  const attributes = data['attributes'];
  if (typeof attributes !== 'object') return { ...event, data: { ...data, note: 'other content' } };
  return { ...event, data: { ...data, attributes: { ...attributes, location: 'Elsewhere' } } };
}
