import { fillPersons } from '../../../support/known-persons/fill-persons.ts';
import { type History, moves, nights } from '../../../support/known-persons/histories.ts';
import { loadFeed } from '../../workload/load.ts';
import type { GrowthAxis } from '../axis.ts';
import { type KnownEvents, knownMoves, knownNights } from '../fill/known-events.ts';
import { measureIntake } from '../intake-run.ts';
import { atMostTimes } from '../judge.ts';
import { openFilledAxis } from './filled-axis.ts';

const PERSONS = 1_000;
const LONG_PERSONS = 10_000;
const EVENTS_A_PERSON = 8;
const STEPS = [1, 10, 100, 1_000];

/** Rows with dates of their own, as an HR system sends changes. */
export const factsMoved = axisOf('facts moved', moves, knownMoves);

/** The same statement every night, as a snapshot is sent. */
export const factsStated = axisOf('facts stated', nights, knownNights);

/** Intake itself applies the whole history of a few persons; the others are copies of all that it wrote. */
function axisOf(
  name: string,
  history: (facts: number) => History,
  feed: (known: KnownEvents) => Parameters<typeof loadFeed>[2],
): GrowthAxis {
  return {
    name,
    what: 'facts behind each person',
    unit: 'µs CPU an event',
    bound: 'at most 1.25 × of one fact',
    repetitions: () => 3,
    steps: () => STEPS.map((x) => ({ x })),
    open: (context) => {
      const persons = context.people ?? (context.isLong ? LONG_PERSONS : PERSONS);
      return openFilledAxis(context, {
        name: name.replaceAll(' ', ''),
        fill: (database, facts) => fillPersons(database, persons, { history: history(facts) }),
        measure: (servers, { x: facts }) =>
          measureIntake(servers, {
            load: async ({ topics }, before) => {
              const events = feed({ persons, events: persons * EVENTS_A_PERSON, facts });
              const sent = await loadFeed(servers.brokers, topics, events, before);
              return sent.deliveries;
            },
          }),
      });
    },
    judge: atMostTimes(1.25),
  };
}
