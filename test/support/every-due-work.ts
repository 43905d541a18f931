import * as sql from '@latchkey/postgres';
import type { TestDatabase } from './database.ts';

/** Due work that failed: handed over, listed, tried again under this and another policy, given back, ended. */
export async function tryAgain(db: sql.Db, database: TestDatabase, size: number): Promise<void> {
  await database.query('vacuum due_work');
  const release = { policy: 'p', build: 'b' };
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
