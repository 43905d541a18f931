import { poisonLike } from '../../faults/workload/poison.ts';
import { openRandom, type Random } from '../../faults/workload/random.ts';
import { type SentEvent, type SentRecord, structured } from '../../support/events.ts';
import { callEvents } from './calls.ts';
import type { Unnumbered } from './unnumbered.ts';
import { workforceEvents } from './workforce.ts';
import type { Workload } from './workload.ts';

/** One delivery of a workload. */
export interface Fed {
  readonly kind: 'event' | 'duplicate' | 'poison';
  /** Number of the event, from 0 in feed order; suffix of its id. */
  readonly number: number;
  readonly event: SentEvent;
  readonly record: SentRecord;
}

/** Largest distance of a duplicate from its event. */
const REMEMBERED_COUNT = 2_000;

/** Generates the deliveries of a workload lazily. */
export function* feedOf(workload: Workload): Generator<Fed, undefined> {
  const { seed, duplicateShare, poisonShare } = workload;
  const random = openRandom(seed + 2);
  const others = 1 - duplicateShare - poisonShare;
  if (others <= 0) throw new RangeError('duplicates and poison need events to copy');
  const recent: Fed[] = [];
  for (const fed of eventsOf(workload)) {
    yield fed;
    if (duplicateShare > 0) recent[fed.number % REMEMBERED_COUNT] = fed;
    for (let left = timesOf(random, duplicateShare / others); left > 0; left -= 1) {
      yield { ...random.pick(recent), kind: 'duplicate' };
    }
    for (let left = timesOf(random, poisonShare / others); left > 0; left -= 1) {
      yield { ...fed, kind: 'poison', record: poisonLike(random, fed.event, fed.number) };
    }
  }
}

/** A random count with this mean. */
function timesOf(random: Random, mean: number): number {
  const whole = Math.floor(mean);
  return whole + (random.chance(mean - whole) ? 1 : 0);
}

function* eventsOf(workload: Workload): Generator<Fed, undefined> {
  const { events, verificationShare, prefix } = workload;
  const calls = Math.round(events * verificationShare);
  const ofCalls = callEvents(workload, calls);
  const ofPersons = workforceEvents(workload, events - calls);
  for (let number = 0; number < events; number += 1) {
    const isCall =
      Math.floor((number + 1) * verificationShare) > Math.floor(number * verificationShare);
    const next = nextOf(isCall ? ofCalls : ofPersons) ?? nextOf(isCall ? ofPersons : ofCalls);
    if (next === undefined) return;
    const event = { id: `${prefix}-${number}`, ...next } as SentEvent;
    yield { kind: 'event', number, event, record: structured(event) };
  }
}

function nextOf(events: Generator<Unnumbered>): Unnumbered | undefined {
  const next = events.next();
  return next.done === true ? undefined : next.value;
}
