import { PersonHistory } from './person-history.ts';

/** Regressions: histories on which the reference and the domain once differed. Every run starts with them. */
export const KNOWN_HISTORIES: [PersonHistory][] = [
  // A date-only end is at the start of the next date.
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
  // A person with only a block is suspended. Attributes of the start override older rows dated before it.
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
  // A person who was suspended before the account was created.
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
