import type { Query } from './evidence.ts';
import type { Finding } from './judge.ts';

/** Deadlocks that the server has counted in this database. Ordered locking must prevent all of them. */
export async function findDeadlocks(query: Query): Promise<readonly Finding[]> {
  const rows = (await query(
    `select deadlocks::integer from pg_stat_database
    where datname = current_database() and deadlocks > 0`,
  )) as readonly { readonly deadlocks: number }[];
  return rows.map(({ deadlocks }) => ({
    check: 'deadlocks',
    detail: `${deadlocks} deadlocks`,
  }));
}
