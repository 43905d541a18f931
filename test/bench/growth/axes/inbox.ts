import { loadFeed } from '../../workload/load.ts';
import type { GrowthAxis } from '../axis.ts';
import { measureIntake } from '../course.ts';
import { fillInbox } from '../fill/fill-inbox.ts';
import { fillPeople, knownMoves } from '../fill/known-people.ts';
import { atMostTimes } from '../judge.ts';
import { openFilledAxis } from './filled-axis.ts';

const EVENTS = 15_000;
const PEOPLE = 10_000;

/** Claims whose ids sort at random, as UUIDs do: the worst order for an index. */
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
        await fillPeople(database, PEOPLE);
        await fillInbox(database, rows);
      },
      measure: (servers) =>
        measureIntake(servers, {
          load: async ({ topics }, before) => {
            const moves = knownMoves(PEOPLE, EVENTS, 1);
            const sent = await loadFeed(servers.brokers, topics, moves, before);
            return sent.deliveries;
          },
        }),
    }),
  judge: atMostTimes(1.25),
};
