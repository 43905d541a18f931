import { sqlStateOf, UnfitTextError } from '@latchkey/postgres';

/** Deciding about these events threw: the fault lies in them, or in us, and not in the system. */
export class DecideFailedError extends Error {
  override readonly name = 'DecideFailedError';
}

/** Constraints that only the data of an event can break. */
const DATA_CONSTRAINTS: ReadonlySet<string> = new Set([
  'inbox_event_id_check',
  'outbox_payload_check',
  'fact_pkey',
  'account_check',
  'assignment_reasons_check',
]);

/**
 * The closed list of errors that isolate: SQLSTATE class 22 (data exception) and 54 (a limit of the
 * program), the named constraints, a change that our triggers refuse, a text that no column can hold,
 * and a throw while deciding.
 * Everything else is the system's fault and waits: a broken system must never turn a stream into
 * dead letters.
 */
export function isDataError(error: unknown): boolean {
  if (error instanceof DecideFailedError || error instanceof UnfitTextError) return true;
  const state = sqlStateOf(error);
  if (state === undefined) return false;
  if (state.startsWith('22') || state.startsWith('54') || state.startsWith('LK')) return true;
  return state.startsWith('23') && DATA_CONSTRAINTS.has(constraintOf(error));
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
