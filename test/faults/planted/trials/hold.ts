import { Client } from 'pg';
import { eventually } from '../../../support/eventually.ts';
import type { Arena } from '../../arena/arena.ts';

const LIMIT_MS = 30_000;

/** A row that nobody else can make, or get past, while `work` runs; it was never there. */
export async function holdRow(
  { database }: Arena,
  insert: string,
  values: readonly unknown[],
  work: () => Promise<unknown>,
): Promise<void> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    await client.query('begin');
    await client.query(insert, [...values]);
    await work();
    await client.query('rollback');
  } finally {
    await client.end();
  }
}

/** Waits until so many transactions of reconcilers wait for a lock, so that they meet there. */
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

/** Waits until the event with this qualified id was taken. */
export async function untilTaken({ database }: Arena, eventId: string): Promise<void> {
  const claimed = async (): Promise<number> => {
    const rows = await database.query('select from inbox where event_id = $1', [eventId]);
    return rows.length;
  };
  await eventually(`${eventId} taken`, claimed, (count) => count > 0, LIMIT_MS);
}
