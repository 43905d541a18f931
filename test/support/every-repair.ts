import { randomUUID } from 'node:crypto';
import * as sql from '@latchkey/postgres';

/** Runs every statement that repairs outputs after a disaster; all of it is rolled back. */
export async function repairOutputs(db: sql.Db): Promise<void> {
  const [first] = await db.run(sql.listLanes, {});
  const { lane = 0, topic = '' } = first ?? {};
  await undone(db, async (tx) => {
    await tx.run(sql.raiseEpoch, { epoch: 1 });
    await tx.run(sql.addLanes, { topic, partitions: 3 });
    await tx.run(sql.addOutputLayout, {});
    await tx.run(sql.lockLanes, { lanes: String(lane) });
    const [kept] = await tx.run(sql.readKept, { lane });
    const last = kept?.last ?? 0n;
    const after = last > 100n ? last - 100n : 0n;
    await tx.run(sql.markMoving, sql.encodeMoves([{ lane, position: after }]));
    const goal = { lane, after, to: after + 1n };
    await tx.run(sql.measureDistance, goal);
    const [ends] = await tx.run(sql.readEnds, goal);
    await tx.run(sql.listWaiting, { lane, after, maxRows: 10 });
    await tx.run(sql.dropMessages, { lane, positions: String(ends?.first ?? last) });
    const piece = { maxRows: 200, maxBytes: 1_000_000 };
    await tx.run(sql.moveUp, { ...goal, ...piece, through: last, to: last + 1n });
    await tx.run(sql.moveDown, { ...goal, ...piece, after: after + 1n, to: after });
    await tx.run(sql.adoptOutboxRow, {
      lane,
      position: last + 1n,
      ceId: randomUUID(),
      key: 'k',
      headers: '{}',
      payload: '{}',
      generation: 0n,
    });
    await tx.run(sql.deleteMessages, { lane, after, through: last });
    await tx.run(sql.placeLane, { lane, position: after, missingPositions: 0n });
    await tx.run(sql.placeTopic, { topic, clusterId: 'test' });
    await recoverForgotten(tx);
  });
}

/** Recovers state that only published messages contain after a database went back. */
async function recoverForgotten(tx: sql.Tx): Promise<void> {
  const review = { kind: 'k', subject: 's', owner: 'o', dueAtMs: 0, version: 1n };
  const reviewId = randomUUID();
  await tx.run(sql.settlePublishedReviews, sql.encodePublishedReviews([{ ...review, reviewId }]));
  const account = {
    accountId: randomUUID(),
    identityId: randomUUID(),
    target: 'mail',
    state: 'enabled',
    userName: 'u',
    attributes: '{}',
    generation: 1n,
  };
  await tx.run(sql.adoptAccounts, sql.accountColumns([account]));
}

/** Runs the work, and rolls it back. */
async function undone(db: sql.Db, work: (tx: sql.Tx) => Promise<void>): Promise<void> {
  const rolledBack = new Error('rolled back');
  const done = db.transaction(async (tx) => {
    await work(tx);
    throw rolledBack;
  });
  await done.catch((error: unknown) => {
    if (error !== rolledBack) throw error;
  });
}
