import { fillPersons } from '../../../support/known-persons/fill-persons.ts';
import { loadFeed } from '../../workload/load.ts';
import type { GrowthAxis } from '../axis.ts';
import { fillInbox } from '../fill/fill-inbox.ts';
import { knownMoves } from '../fill/known-events.ts';
import { measureIntake } from '../intake-run.ts';
import { atMostTimes } from '../judge.ts';
import { openFilledAxis } from './filled-axis.ts';

const EVENTS = 15_000;
const PERSONS = 10_000;

/** Claims with randomly sorted ids, as UUIDs: the worst order for an index. */
export const inbox: GrowthAxis = {
  name: 'inbox',
  what: 'claims in the inbox',
  unit: 'µs CPU an event',
  bound: 'at most 1.25 × of an empty one',
  repetitions: () => 2,
  steps: (isLong) => (isLong ? [0, 1e6, 1e7] : [0, 1e6]).map((x) => ({ x })),
  open: (context) =>
    openFilledAxis(context, {
      name: 'inbox',
      fill: async (database, rows) => {
        await fillPersons(database, PERSONS);
        await fillInbox(database, rows);
      },
      measure: (servers) =>
        measureIntake(servers, {
          load: async ({ topics }, before) => {
            const moves = knownMoves({ persons: PERSONS, events: EVENTS });
            const sent = await loadFeed(servers.brokers, topics, moves, before);
            return sent.deliveries;
          },
        }),
    }),
  judge: atMostTimes(1.25),
};
