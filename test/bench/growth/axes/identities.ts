import { fillPersons } from '../../../support/known-persons/fill-persons.ts';
import { loadFeed } from '../../workload/load.ts';
import type { GrowthAxis } from '../axis.ts';
import { knownMoves } from '../fill/known-events.ts';
import { measureIntake } from '../intake-run.ts';
import { lastAtMostTimes } from '../judge.ts';
import { openFilledAxis } from './filled-axis.ts';

const EVENTS = 12_000;

/** Moves of random persons in a database that SQL has filled. */
export const identities: GrowthAxis = {
  name: 'identities',
  what: 'known persons',
  unit: 'µs CPU an event',
  bound: 'at most 3 × from 10^3 to 10^7',
  repetitions: (isLong) => (isLong ? 3 : 2),
  steps: (isLong) => (isLong ? [1e3, 1e4, 1e5, 1e6, 1e7] : [1e3, 1e4, 1e5]).map((x) => ({ x })),
  open: (context) =>
    openFilledAxis(context, {
      name: 'persons',
      fill: fillPersons,
      measure: (servers, { x }) =>
        measureIntake(servers, {
          load: async ({ topics }, before) => {
            const moves = knownMoves({ persons: x, events: EVENTS });
            const sent = await loadFeed(servers.brokers, topics, moves, before);
            return sent.deliveries;
          },
        }),
    }),
  judge: lastAtMostTimes(3),
};
