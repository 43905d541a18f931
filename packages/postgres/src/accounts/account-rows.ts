import { type RowOf, rowSpec } from '../row-spec.ts';

export const ACCOUNT = rowSpec(
  'account',
  {
    accountId: 'uuid',
    identityId: 'uuid',
    target: 'text',
    state: 'text',
    userName: 'text',
    /** JSON text of an object. */
    attributes: 'text',
    generation: 'bigint',
    disabledAtMs: 'ms?',
    deleteAtMs: 'ms?',
  },
  { key: ['accountId'], fixed: ['identityId', 'target'], order: 'key' },
);

export type AccountRow = RowOf<typeof ACCOUNT>;

export const ASSIGNMENT = rowSpec(
  'assignment',
  {
    accountId: 'uuid',
    entitlement: 'text',
    identityId: 'uuid',
    target: 'text',
    /** JSON text of an array that is not empty. */
    reasons: 'text',
  },
  { key: ['accountId', 'entitlement'], fixed: ['identityId', 'target'], order: 'key' },
);

export type AssignmentRow = RowOf<typeof ASSIGNMENT>;
