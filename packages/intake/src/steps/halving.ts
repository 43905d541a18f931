import { sqlStateOf } from '@latchkey/postgres';

/**
 * What is known of the people of a transaction is more than it may read at once. Each half reads less; one person alone is
 * read in parts, and is never too much.
 */
export class TooMuchToReadError extends Error {
  override readonly name = 'TooMuchToReadError';
}

/** Time-outs of PostgreSQL: less in one transaction may fit in the time. They say nothing about any event. */
const TIME_OUT_STATES: ReadonlySet<string> = new Set([
  '25P03', // idle in the transaction for too long: we were busy deciding
  '25P04', // the transaction took too long
  '57014', // a statement took too long, or an operator cancelled it
]);

/**
 * True for an error after which a batch is halved although no event is at fault. It never makes a dead letter and is not
 * counted as isolated: a batch of one event that fails with it waits and is tried again.
 */
export function isHalved(error: unknown): boolean {
  return error instanceof TooMuchToReadError || TIME_OUT_STATES.has(sqlStateOf(error) ?? '');
}
