import { randomUUID } from 'node:crypto';
import * as sql from '@latchkey/postgres';

const SOURCE = 'urn:example:hr';
const LIMITS = { maxRows: 1_000, maxBytes: 1_000_000 };

/** What is read and saved of records: `size` people with one engagement each, a quarter of them with a head. */
export async function readRecords(db: sql.Db, size: number): Promise<void> {
  const people = Array.from({ length: size }, () => randomUUID());
  const engagements = people.map((identityId) => ({
    identityId,
    source: SOURCE,
    engagement: `E-${identityId}`,
  }));
  await addRecords(db, engagements);
  const ids = sql.identityIdColumns(people);
  const places = engagements.map((one) => ({ ...one, sourceOrder: 0n, eventId: null }));
  const keys = engagements.map((one) => ({ ...one, rowKey: 'F' }));
  const named = people.map((identityId) => ({ identityId, source: SOURCE, incident: 'I' }));
  const wanted = people.map((identityId) => ({ identityId, most: 2 }));
  await db.transaction(async (tx) => {
    await tx.run(sql.listCheckpoints, ids);
    await tx.run(sql.listKnownFacts, { ...ids, ...LIMITS });
    await tx.run(sql.listEngagementFacts, sql.pageOf(places, LIMITS));
    await tx.run(sql.listSwitchesOn, sql.switchesOf(wanted));
    await sql.listNamedSwitches(tx, named);
    await sql.findRowKeys(tx, keys);
    await tx.run(sql.listIntroducedIds, ids);
    const [identityId = ''] = people;
    const after = { source: '', engagement: '' };
    await tx.run(sql.listFactEngagements, { identityId, ...after, maxRows: 10 });
    sql.dropHeads(tx, engagements);
    sql.saveTrimmedKeys(tx, engagements, keys);
  });
  const [engagement] = engagements;
  if (engagement !== undefined) await pruneOne(db, engagement, size);
}

/** Looks at `size` engagements, and prunes one of them. */
async function pruneOne(db: sql.Db, key: sql.EngagementRowKey, size: number): Promise<void> {
  const { identityId } = key;
  const look = { ...sql.FIRST_ENGAGEMENT, retentionDays: 730, maxRows: size, readMaxRows: 5_000 };
  await db.run(sql.listPrunable, look);
  await db.transaction(async (tx) => {
    await tx.run(sql.lockToPrune, { identityId });
    await tx.run(sql.readPruned, key);
    const place = { sourceOrder: 0n, eventId: '' };
    await tx.run(sql.listOldFacts, { ...key, ...place, ...LIMITS, retentionDays: 0 });
    await tx.run(sql.saveBase, { ...key, prunedBelow: 2n, base: '{}' });
    await sql.deleteFactsBelow(tx, { ...key, prunedBelow: 2n, retentionDays: 0 });
    sql.lowerFactBytes(tx, { identityId, bytes: 1 });
  });
}

/** Two facts of each engagement, a block of each person; a head up to the first fact of every fourth engagement. */
async function addRecords(db: sql.Db, engagements: readonly sql.EngagementRowKey[]): Promise<void> {
  await db.transaction(async (tx) => {
    const known = engagements.map(({ identityId, source }) => ({
      identityId,
      source,
      externalId: identityId,
    }));
    await sql.lockIdentities(tx, known);
    sql.appendFacts(
      tx,
      engagements.flatMap((key) => [
        ...[1n, 2n].map((order) => ({ ...newFact(key, order), kind: 'moved' })),
        { ...newFact(key, 9n), kind: 'blocked', engagement: undefined },
      ]),
    );
    const headed = engagements.filter((_, at) => at % 4 === 0);
    sql.saveHeads(
      tx,
      headed.map((key) => ({
        ...key,
        throughOrder: 1n,
        head: '{}',
        referred: [`${key.identityId}/1`],
      })),
    );
    const keys = headed.map((key) => ({ ...key, rowKey: 'F' }));
    sql.saveTrimmedKeys(tx, headed, keys);
  });
}

function newFact(key: sql.EngagementRowKey, order: bigint): Omit<sql.NewFact, 'kind'> {
  return {
    ...key,
    eventId: `${key.identityId}/${order}`,
    fingerprint: '00'.repeat(32),
    sourceOrder: order,
    data: '{}',
  };
}
