import { structured } from '../../support/events.ts';
import { departmentOf, statedEvent } from '../../support/known-persons/histories.ts';
import type { Fed } from './feed.ts';
import { hashOf, permutationOf } from './permutation.ts';

/** Share of the persons whose department has changed since the night before. */
const CHANGED_SHARE = 0.03;
const SHARES = 2 ** 32;

/**
 * The snapshot of a night, from 0: all that is known of each person, as one `stated` event with the number of the night as
 * its revision. Most are the same as the night before. Deterministic; keeps nothing but a number for each person.
 */
export function openSnapshots(people: number): (night: number) => Generator<Fed> {
  const moves = new Uint16Array(people);
  return function* snapshotOf(night) {
    const shuffled = permutationOf(people, night);
    for (let at = 0; at < people; at += 1) {
      const person = shuffled(at);
      const isChanged = night > 0 && hashOf(night, person) < CHANGED_SHARE * SHARES;
      if (isChanged) moves[person] = (moves[person] ?? 0) + 1;
      const department = departmentOf(person + (moves[person] ?? 0));
      const event = statedEvent(`staff-${person}`, night + 1, department, {
        id: `night-${night}-${person}`,
      });
      yield { kind: 'event', number: night * people + at, event, record: structured(event) };
    }
  };
}
