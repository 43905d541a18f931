import { sql } from 'kysely';
import { retryLocked } from '../migration/run-migration.ts';
import { openDatabase } from '../open-database.ts';
import { statement } from '../statement.ts';

const MONTHS_AHEAD = 12;

/**
 * Makes the partitions of the audit trail that are missing for the year ahead; returns their names.
 * Needs the rights of `latchkey_migrator`. Safe to run twice and by two at once.
 */
export async function makeAuditPartitions(options: {
  readonly url: string;
  /** Once aborted the database is waited for no longer. */
  readonly giveUp?: AbortSignal;
}): Promise<readonly string[]> {
  await using db = openDatabase({
    ...options,
    role: undefined,
    purpose: 'migration',
    poolSize: 1,
    applicationName: 'latchkey-migrate',
    onConnectionLost: () => undefined, // the statement itself fails with the reason
  });
  const rows = await retryLocked(() => db.run(makePartitions, { monthsAhead: MONTHS_AHEAD }));
  return rows.map(({ name }) => name);
}

const makePartitions = statement<{ monthsAhead: number }, { name: string }>(
  'make_audit_partitions',
  (p) => sql`select name from make_audit_partitions(${p.monthsAhead}::integer) as name`,
);
