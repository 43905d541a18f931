import * as sql from '@latchkey/postgres';
import type { TestDatabase } from './database.ts';
import { eventually } from './eventually.ts';

/**
 * Items that failed under this release and wait: those numbered `from` to `to`. As in the other tables, each key of a batch then
 * stands in an index page of its own.
 */
export async function fillDueWork(
  { query }: TestDatabase,
  { policy, build }: sql.Release,
  from: number,
  to: number,
): Promise<void> {
  const text = `
    insert into due_work (kind, item_id, due_at, retry_at, tried_policy, tried_build, failed_under, cause)
    select kind, md5('w' || n)::uuid::text, now() - make_interval(mins => n), now() + make_interval(mins => n + 60), $3, $4,
      array[concat($3::text, ' ', $4::text)], 'test'
    from generate_series($1::integer, $2::integer) as n, unnest(array['clock', 'sweep']) as kind`;
  await query(text, [from, to, policy, build]);
}

/**
 * What was deleted is left in the table and its indexes while a transaction may see it: an ANALYZE that the server has begun by
 * itself, for one.
 */
export async function vacuumWork({ query }: TestDatabase): Promise<void> {
  const vacuum = async (): Promise<number> => {
    await query('vacuum (index_cleanup on) due_work');
    const [row] = await query<{ dead: string }>(
      `select n_dead_tup as dead from pg_stat_user_tables where relname = 'due_work'`,
    );
    return Number(row?.dead);
  };
  await eventually('deleted due work is gone', vacuum, (dead) => dead === 0);
}

/** Due work that failed: handed over, listed, tried again under this and another policy, given back, ended. */
export async function tryAgain(
  db: sql.Db,
  database: TestDatabase,
  release: sql.Release,
  size: number,
): Promise<void> {
  await vacuumWork(database);
  const known = await database.query<{ identity_id: string }>(
    `select identity_id from identity order by created_at desc limit ${size}`,
  );
  const ids = known.map((row) => row.identity_id);
  const failed = ids.map((itemId) => ({
    kind: 'clock' as const,
    itemId,
    dueAtMs: Date.now(),
    attempt: 1,
    retryAtMs: Date.now(),
    ...release,
    cause: 'test',
  }));
  const key = { kind: 'clock', ...release };
  await db.transaction(async (tx) => {
    sql.parkIdentities(tx, ids);
    sql.saveFailedWork(tx, failed);
    tx.finally(sql.savePace, { ...key, failed: ids.slice(0, 3), nextTryAtMs: null });
    await tx.run(sql.lockPace, key);
  });
  await db.run(sql.countDueWork, {});
  await db.run(sql.listDueWork, { kinds: sql.WORK_KINDS, limit: size });
  await db.transaction(async (tx) => {
    await tx.run(sql.lockTriedWork, key);
    const itemId = ids[0] ?? '';
    const until = { leaseUntilMs: Date.now(), retryAtMs: Date.now() };
    await tx.run(sql.leaseTriedWork, { ...key, itemId, ...until });
    await tx.run(sql.lockWork, { kind: 'clock', itemId });
  });
  await db.run(sql.giveBackWork, { kind: 'clock', itemIds: ids, attempt: 2 });
  await db.transaction((tx) => {
    sql.deleteDueWork(tx, 'clock', ids);
    tx.finally(sql.resetPace, key);
    return Promise.resolve();
  });
  await db.run(sql.adoptParkedIdentities, { limit: size });
  await db.run(sql.adoptParkedVerifications, { limit: size });
  await db.run(sql.forgetPaces, {});
  await database.query('update identity set parked_at = null where parked_at is not null');
}
