import { sql } from 'kysely';
import { type NewRowOf, pickColumns, type RowOf, rowSpec } from '../row-spec.ts';

export const NEW_FACT = rowSpec(
  'fact',
  {
    eventId: 'text',
    /** SHA-256 in hexadecimal. */
    fingerprint: 'hex',
    identityId: 'uuid',
    source: 'text',
    kind: 'text',
    engagement: 'text?',
    sourceOrder: 'bigint',
    /** JSON text. */
    data: 'text',
  },
  { key: ['eventId'], order: 'key' },
);

export type NewFact = NewRowOf<typeof NEW_FACT>;

export const FACT = pickColumns(NEW_FACT, [
  'eventId',
  'identityId',
  'source',
  'kind',
  'engagement',
  'sourceOrder',
  'data',
]);

type Columns = RowOf<typeof FACT>;

/** A fact about an engagement, as it is stored. */
export interface FactRow extends Columns {
  readonly engagement: string;
}

/** The key of an engagement of an identity. */
export const ENGAGEMENT_KEY = rowSpec(
  'engagement',
  { identityId: 'uuid', source: 'text', engagement: 'text' },
  { key: ['identityId', 'source', 'engagement'], order: 'key' },
);

export type EngagementRowKey = RowOf<typeof ENGAGEMENT_KEY>;

/** The lowest order that a fact can have. */
export const LOWEST_ORDER = -(2n ** 63n);

/**
 * Ends a lateral subquery that is run once for each row of the batch. Without it a plan that was made while the table was
 * nearly empty reads all of it.
 */
export const ONE_BY_ONE = sql`offset 0`;
