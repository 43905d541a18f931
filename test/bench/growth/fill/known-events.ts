import { hrEvent, inDays, type SentEvent, structured } from '../../../support/events.ts';
import { externalIdOf } from '../../../support/known-persons/fill-persons.ts';
import { departmentOf, statedEvent } from '../../../support/known-persons/histories.ts';
import type { Fed } from '../../workload/feed.ts';
import { hashOf } from '../../workload/permutation.ts';

const MOVES_BEGIN_DAYS = -300;
const MOVES_DAYS = 290;
/** One of so many statements has another department. */
const CHANGED_EVERY = 30;

export interface KnownEvents {
  readonly persons: number;
  readonly events: number;
  /** Facts that are known of each person; default 1. */
  readonly facts?: number;
}

/** Moves of randomly drawn known persons. Each is the latest of its person, so that it has an effect. */
export function* knownMoves({ persons, events, facts = 1 }: KnownEvents): Generator<Fed> {
  for (let number = 0; number < events; number += 1) {
    const person = hashOf(1, number) % persons;
    const department = departmentOf(hashOf(1, number, 1));
    const effectiveAt = inDays(MOVES_BEGIN_DAYS + (number / events) * MOVES_DAYS);
    const data = { effectiveAt, attributes: { department } };
    yield fedOf(number, hrEvent('moved', externalIdOf(person), number + facts + 1, data));
  }
}

/** Further nights of snapshots of all known persons. Most state what is known. */
export function* knownNights({ persons, events, facts = 1 }: KnownEvents): Generator<Fed> {
  for (let number = 0; number < events; number += 1) {
    const person = number % persons;
    const night = facts + 1 + Math.floor(number / persons);
    const before = Math.floor((facts - 2) / CHANGED_EVERY);
    const isChanged = hashOf(1, number) % CHANGED_EVERY === 0;
    const department = departmentOf(Math.max(0, before) + (isChanged ? 1 : 0));
    yield fedOf(number, statedEvent(externalIdOf(person), night, department));
  }
}

function fedOf(number: number, event: SentEvent): Fed {
  return { kind: 'event', number, event, record: structured(event) };
}
