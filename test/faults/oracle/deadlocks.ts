import type { Query } from './evidence.ts';
import type { Finding } from './judge.ts';

/** Whoever locks in one order never waits in a circle: the server has found none in this database. */
export async function deadlockFindings(query: Query): Promise<readonly Finding[]> {
  const rows = (await query(
    `select deadlocks::integer from pg_stat_database
    where datname = current_database() and deadlocks > 0`,
  )) as readonly { readonly deadlocks: number }[];
  return rows.map(({ deadlocks }) => ({
    check: 'deadlocks',
    detail: `${deadlocks} transactions waited in a circle`,
  }));
}
