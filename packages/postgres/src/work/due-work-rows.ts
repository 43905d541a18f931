import { pickColumns, rowSpec } from '../row-spec.ts';

const DUE_WORK = rowSpec(
  'due_work',
  {
    kind: 'text',
    itemId: 'text',
    dueAtMs: 'ms',
    /** A process tries the item until then; null: no process does. */
    leaseUntilMs: 'ms?',
    /** How many tries have begun, from 1. */
    attempt: 'integer',
    /** Tried again from then on; null: it has not failed yet. */
    retryAtMs: 'ms?',
    /** Hash of the policy, and build, of the process that tried last. */
    policy: 'text',
    build: 'text',
    /** Why the last try failed, without values; null: it has not failed yet. */
    cause: 'text?',
  },
  {
    key: ['kind', 'itemId'],
    order: 'key',
    names: { policy: 'tried_policy', build: 'tried_build' },
  },
);

/** The kinds that the table admits. */
export const WORK_KINDS = ['clock', 'sweep'] as const;

/** `clock`: identities by id; `sweep`: verifications by id. */
export type WorkKind = (typeof WORK_KINDS)[number];

export const WORK = DUE_WORK;
export const WORK_KEY = pickColumns(DUE_WORK, ['kind', 'itemId']);

/** Decides with this policy and this code. */
export interface Release {
  /** Its hash. */
  readonly policy: string;
  /** Hash of the sources. */
  readonly build: string;
}

/** An item that this process tries, until its lease has run out. */
export interface LeasedWork {
  readonly itemId: string;
  readonly dueAtMs: number;
  /** How many tries have begun, this one included. */
  readonly attempt: number;
}
