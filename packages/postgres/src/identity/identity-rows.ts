import { type RowOf, rowSpec } from '../row-spec.ts';

export const IDENTITY_ID = rowSpec('identity', { identityId: 'uuid' }, { key: ['identityId'] });

export const IDENTITY_KEY = rowSpec(
  'identity',
  { identityId: 'uuid', source: 'text', externalId: 'text' },
  { key: ['identityId'] },
);

export type IdentityKey = RowOf<typeof IDENTITY_KEY>;

export const IDENTITY = rowSpec(
  'identity',
  {
    identityId: 'uuid',
    source: 'text',
    externalId: 'text',
    /** null until the identity was decided for the first time. */
    lifecycle: 'text?',
    generation: 'bigint',
    derivedAtMs: 'ms?',
    /** What was known of it when it was saved last: bytes of heads, and of facts that are read beside them. */
    factBytes: 'bigint',
    /** Since when due work is to decide it; null: the last decision about it was made. */
    parkedAtMs: 'ms?',
  },
  { key: ['identityId'] },
);

export type IdentityRow = RowOf<typeof IDENTITY>;
