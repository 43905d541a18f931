import { PersonHistory } from './person-history.ts';

/** Histories that once told the reference and the domain apart; each is tried first in every run. */
export const KNOWN_HISTORIES: [PersonHistory][] = [
  // A date-only end ends where the next date begins.
  [
    new PersonHistory({
      drafts: [
        { kind: 'joined', engagement: 0, at: 0, until: 36, detail: 0 },
        { kind: 'left', engagement: 0, at: 1, until: 36, detail: 0 },
        { kind: 'joined', engagement: 0, at: 3, until: 36, detail: 1 },
      ],
      again: [0, 1, 2],
      ranks: [3, 2, 1],
      batchSize: 1,
    }),
  ],
  // A person with only a block is suspended; and what came with the start lies over an older row from before it.
  [
    new PersonHistory({
      drafts: [
        { kind: 'blocked', engagement: 0, at: 0, until: 36, detail: 1 },
        { kind: 'released', engagement: 0, at: 0, until: 36, detail: 1 },
        { kind: 'moved', engagement: 0, at: 0, until: 36, detail: 1 },
        { kind: 'joined', engagement: 0, at: 4, until: 36, detail: 0 },
      ],
      again: [],
      ranks: [1, 2, 3, 4],
      batchSize: 1,
    }),
  ],
  // An account of somebody who was suspended before it was ever made.
  [
    new PersonHistory({
      drafts: [
        { kind: 'joined', engagement: 0, at: 0, until: 36, detail: 1 },
        { kind: 'suspended', engagement: 0, at: 0, until: 36, detail: 0 },
      ],
      again: [0],
      ranks: [2, 1],
      batchSize: 1,
    }),
  ],
];
