import { sqlStateOf, UnfitTextError } from '@latchkey/postgres';

/** Deciding about these events failed, because of them or of a defect of ours: trying again would not help. */
export class DecideFailedError extends Error {
  override readonly name = 'DecideFailedError';
}

/** SQLSTATEs that only the value of an event can cause, in the statements that intake runs. */
const DATA_STATES: ReadonlySet<string> = new Set([
  '22003', // numeric value out of range
  '22007', // invalid datetime format
  '22008', // datetime field overflow
  '22021', // character not in repertoire
  '22P02', // invalid text representation
  'LK001', // our triggers: a generation may not fall
  'LK002', // and what is final may not change
]);

const CHECK_VIOLATION = '23514';
const UNIQUE_VIOLATION = '23505';
/** An index that a value is too long for; the stop before a wraparound has the same code and names none. */
const PROGRAM_LIMIT_EXCEEDED = '54000';

/** Constraints that only the data of an event can break. */
const DATA_CONSTRAINTS: Readonly<Record<string, ReadonlySet<string>>> = {
  [CHECK_VIOLATION]: new Set([
    'inbox_event_id_check',
    'outbox_payload_check',
    'account_check',
    'assignment_reasons_check',
  ]),
  [UNIQUE_VIOLATION]: new Set(['fact_pkey']),
};

/**
 * The closed list of errors that isolate: exact SQLSTATEs of a statement, the named constraints, a change
 * that our triggers refuse, a text that no column can store, and a throw while deciding.
 * Every other error is the system's fault and waits, and so does any error of connecting, where
 * the same codes mean something else (`ConnectError`, `RoleRefusedError`): a broken system must never turn
 * a stream into dead letters.
 */
export function isDataError(error: unknown): boolean {
  if (error instanceof DecideFailedError || error instanceof UnfitTextError) return true;
  const state = sqlStateOf(error);
  if (state === undefined) return false;
  if (state === PROGRAM_LIMIT_EXCEEDED) return constraintOf(error) !== '';
  return DATA_STATES.has(state) || DATA_CONSTRAINTS[state]?.has(constraintOf(error)) === true;
}

/** What an operator may read of such an error: never the values in it. */
export function causeOf(error: unknown): string {
  const state = sqlStateOf(error);
  if (state !== undefined)
    return `storing it failed with SQLSTATE ${state} ${constraintOf(error)}`.trim();
  const cause = error instanceof DecideFailedError ? error.cause : error;
  return `deciding failed with ${cause instanceof Error ? cause.name : 'an unknown error'}`;
}

function constraintOf(error: unknown): string {
  if (!(error instanceof Error) || !('constraint' in error)) return '';
  return typeof error.constraint === 'string' ? error.constraint : '';
}
