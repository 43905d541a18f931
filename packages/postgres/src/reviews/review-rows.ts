import { pickColumns, rowSpec } from '../row-spec.ts';

export const REVIEW = rowSpec(
  'review',
  {
    reviewId: 'uuid',
    kind: 'text',
    subject: 'text',
    owner: 'text',
    /** JSON text of an object. */
    detail: 'text',
    dueAtMs: 'ms',
    state: 'text',
    /** Rises by one each time the review is opened or resolved: 1 where it was opened. */
    version: 'bigint',
  },
  { key: ['reviewId'], fixed: ['kind', 'subject', 'owner'], names: { version: 'generation' } },
);

export const REVIEW_ID = pickColumns(REVIEW, ['reviewId']);
