import { Client } from 'pg';
import type { SentEvent } from '../../../support/events.ts';
import { eventually } from '../../../support/eventually.ts';
import type { Arena } from '../../arena/arena.ts';

const LIMIT_MS = 30_000;

/**
 * Runs a statement in an open transaction while `work` runs, then rolls back. Other transactions that insert the same
 * rows, or need the same locks, wait.
 */
export async function lockRow(
  { database }: Arena,
  statement: string,
  values: readonly unknown[],
  work: () => Promise<unknown>,
): Promise<void> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    await client.query('begin');
    await client.query(statement, [...values]);
    await work();
    await client.query('rollback');
  } finally {
    await client.end();
  }
}

/** Waits until so many transactions of reconcilers wait for a lock. */
export async function untilWaiting({ database }: Arena, transactions: number): Promise<void> {
  const waiting = async (): Promise<number> => {
    const [row] = await database.query<{ waiting: number }>(
      `select count(*)::integer as waiting from pg_stat_activity
      where datname = current_database() and application_name = 'latchkey-reconciler'
        and wait_event_type = 'Lock'`,
    );
    return row?.waiting ?? 0;
  };
  await eventually('transactions that wait', waiting, (count) => count >= transactions, LIMIT_MS);
}

/** The qualified id of an event. */
export function idOf({ source, id }: SentEvent): string {
  return `${source}#${id}`;
}

/** Waits until the event with this qualified id is claimed. */
export async function untilClaimed(
  { database }: Arena,
  eventId: string,
  limitMs = LIMIT_MS,
): Promise<void> {
  const claimed = async (): Promise<number> => {
    const rows = await database.query('select from inbox where event_id = $1', [eventId]);
    return rows.length;
  };
  await eventually(`${eventId} claimed`, claimed, (count) => count > 0, limitMs);
}
