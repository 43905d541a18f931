import { randomBytes, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { DEFAULT_TOPIC_NAMES, epochStart } from '@latchkey/contracts';
import { EXAMPLE_POLICY_URL, loadPolicy } from '@latchkey/domain';
import {
  processBatch,
  ROUND_LIMITS,
  reconcileDue,
  redrive,
  sweepVerifications,
} from '@latchkey/intake';
import * as sql from '@latchkey/postgres';
import { acceptFinding } from './accept-finding.ts';
import type { TestDatabase } from './database.ts';
import { inDays, type SentEvent } from './events.ts';
import { eventually } from './eventually.ts';
import { tryAgain, vacuumWork } from './every-due-work.ts';
import type { Explainer } from './explaining-client.ts';
import type { IntakeHarness } from './intake-harness.ts';
import {
  asked,
  expire,
  joined,
  left,
  makeDue,
  mixOfPersons,
  mixOfVerifications,
  opened,
} from './sample-events.ts';
import { leftAtOnce } from './undecided.ts';

const REPORTS = { topic: DEFAULT_TOPIC_NAMES['verification-events'], partitions: 1 };

/** The work of every service, so that every statement of packages/postgres is run. */

function idsOf(size: number): readonly string[] {
  return Array.from({ length: size }, () => randomUUID());
}

/** Processes batches of `size` persons and verifications, new and known, with poison and repetitions. */
export async function processBatches(harness: IntakeHarness, size: number): Promise<void> {
  const persons = idsOf(size);
  const joiners = persons.map((person) => joined(person));
  await harness.process(joiners);
  await harness.process(mixOfPersons(persons, joiners));
  const verifications = idsOf(size);
  const calls = verifications.flatMap((id) => [asked(id), opened(id)]);
  await harness.process(calls);
  await harness.process(mixOfVerifications(verifications, calls));
  const others = idsOf(size).map((person) => joined(person));
  await harness.processTogether([
    harness.batchOf(others),
    harness.batchOf([joined(randomUUID())], 1),
  ]);
}

/** Stores immediate ends of `size` persons that cannot be decided. */
export async function leaveUndecided(harness: IntakeHarness, size: number): Promise<void> {
  const persons = idsOf(size);
  await harness.process(persons.map((person) => joined(person)));
  const ends = persons.map((person) => leftAtOnce(person));
  await processBatch(
    { ...harness.context, undecidable: { cause: 'test', endsAccess: true } },
    harness.batchOf(ends),
  );
}

/** Reviews that facts decide: opened, resolved, opened again, resolved. */
export async function decideReviews(db: sql.Db, size: number): Promise<void> {
  const reviews = idsOf(size).map((reviewId) => ({
    reviewId,
    kind: 'facts_disputed',
    subject: reviewId,
    owner: 'test',
    detail: '{}',
    dueAtMs: Date.now(),
  }));
  const ids = reviews.map(({ reviewId }) => reviewId);
  await db.transaction(async (tx) => {
    await sql.openReviews(tx, reviews);
    await sql.resolveReviews(tx, ids);
    await sql.reopenReviews(tx, reviews);
    await sql.resolveReviews(tx, ids);
  });
}

/** Two transactions that create the same correlation keys: the second reads those that it did not see. */
export async function raceForKeys(
  { db }: IntakeHarness,
  database: TestDatabase,
  explainer: Explainer,
  size: number,
): Promise<void> {
  const keys = idsOf(size).map((value) => ({
    kind: 'engagement' as const,
    value,
    externalId: value,
  }));
  const lockKeys = (tx: sql.Tx) => sql.lockCorrelationKeys(tx, keys);
  let second: Promise<unknown> | undefined;
  await db.transaction(async (first) => {
    await lockKeys(first);
    // Explained, the statement would be run twice, and its second run would see the keys.
    explainer.pause();
    second = db.transaction(lockKeys);
    const waiting = `
      select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    await eventually(
      'the second waits',
      () => database.query(waiting),
      ({ length }) => length > 0,
    );
    explainer.resume();
  });
  await second;
}

/** Decides by the clock: `size` of each kind, and then nothing. */
export async function decideDue(
  harness: IntakeHarness,
  database: TestDatabase,
  size: number,
): Promise<void> {
  const { db } = harness;
  await vacuumWork(database);
  const [first = '', ...persons] = idsOf(size + 1);
  await harness.process([joined(first), ...persons.map((person) => joined(person, inDays(9)))]);
  await makeDue(database, persons, first);
  const verifications = idsOf(size);
  await harness.process(verifications.flatMap((id) => [asked(id), opened(id)]));
  await expire(database, verifications);
  for (const maxItems of [size, 1]) {
    await reconcileDue(harness, { ...ROUND_LIMITS, maxItems });
    await sweepVerifications(harness, REPORTS, { ...ROUND_LIMITS, maxItems });
  }
  await tryAgain(db, database, { policy: harness.policy.hash, build: harness.context.build }, size);
}

/** Entries that wait are ordered, `size` a pass; texts are stored. */
async function keepTrail(db: sql.Db, size: number): Promise<void> {
  await db.transaction((tx) => sql.sequenceAudit(tx, size));
  await db.transaction((tx) => {
    sql.appendAuditTexts(tx, [{ hash: randomBytes(32), subjectId: 'x', text: 'test' }]);
    return Promise.resolve();
  });
}

/** The other work of a reconciler: locating partitions, recording, counting, deleting old claims. */
export async function keepHouse({ db }: IntakeHarness): Promise<void> {
  await sql.checkSchema(db);
  const place = { topic: DEFAULT_TOPIC_NAMES['workforce-events'], partition: 2 };
  await db.run(sql.insertProgress, { ...place, nextOffset: 0n });
  await db.run(sql.readProgress, place);
  await sql.listMisplaced(db, [{ ...place, nextOffset: 0n }]);
  await db.run(sql.readClock, {});
  await db.run(sql.listReadThrough, { topic: place.topic });
  await db.run(sql.markReadThrough, { ...place, logEnd: 0n, throughMs: Date.now() });
  await db.run(sql.stopPartition, { ...place, code: 'LOG_DIFFERS', detail: 'test', offset: 0n });
  await db.run(sql.countDeadLetters, {});
  await db.run(sql.countReviews, {});
  await db.run(sql.notePolicy, { policyHash: 'a'.repeat(64) });
  await db.run(sql.listPolicies, {});
  await db.run(sql.readHousekeeping, {});
  const retention = { retentionDays: 30, marginSeconds: 60 };
  await db.run(sql.forgetClaims, { ...retention, afterMs: 0 });
  await keepTrail(db, 100);
}

/** The work of a relay on each topic: takes over, polls, publishes `size` messages, records it, measures, cleans. */
export async function relayTopics(db: sql.Db, size: number): Promise<void> {
  await sql.checkSchema(db);
  const lanes = await db.run(sql.listLanes, {});
  for (const [topic, own] of Map.groupBy(lanes, (lane) => lane.topic)) {
    await db.run(sql.ensureLanes, { topic, partitions: own.length });
    await db.session((session) => openTestRelay(session, topic, size));
  }
  await db.run(sql.measureLag, {});
  await db.run(sql.listTakeovers, {});
  for (const { lane } of lanes) {
    await db.run(sql.cleanOutbox, { lane, retentionHours: 72, maxRows: size });
  }
}

async function openTestRelay(session: sql.Session, topic: string, size: number): Promise<void> {
  const lanes = await session.run(sql.listRelayLanes, { topic });
  const firstLane = lanes[0]?.lane ?? 0;
  await session.run(sql.tryTopicLock, { firstLane, silenceMs: 60_000 });
  await sql.readOutputState(session);
  await session.run(sql.readRelayTopic, { topic });
  const positions = lanes.map(({ lane, publishedThrough }) => ({
    lane,
    position: publishedThrough,
  }));
  await session.run(sql.listAnchorRows, sql.positionColumns(positions));
  await session.run(sql.agreeOnTopic, { topic, clusterId: 'test' });
  await session.run(sql.countTakeover, { topic });
  const maxRows = Math.ceil(size / lanes.length);
  const starts = positions.map(({ lane, position }) => ({ lane, after: position, maxRows }));
  await session.run(sql.readOutbox, sql.outboxRange(starts, 1_000_000));
  // Without new rows.
  const ends = starts.map((start) => ({ ...start, after: 1_000_000_000n }));
  await session.run(sql.readOutbox, sql.outboxRange(ends, 1_000_000));
  for (const looked of [starts, ends]) {
    await session.run(sql.probeOutbox, sql.outboxRange(looked, 0));
  }
  const reached = positions.map(({ lane, position }) => ({ lane, position: position + 1n }));
  await session.run(sql.savePublishedThrough, sql.positionColumns(reached));
  await session.run(sql.saveParkedCode, { lane: firstLane, code: null });
  await session.run(sql.markRecommitted, { topic });
  await session.run(sql.refuseTopic, { topic, code: 'RELAY_ROW_MISSING', detail: 'test' });
  await session.run(sql.pingSession, {});
  await session.run(sql.releaseTopicLock, { firstLane });
}

/** What operators list and redrive. */
export async function operate(db: sql.Db, harness: IntakeHarness): Promise<void> {
  await db.run(sql.listProgress, {});
  await db.run(sql.listOutputs, {});
  await db.run(sql.countOpen, {});
  await db.run(sql.readHousekeeping, {});
  await db.transaction(async (tx) => {
    await tx.run(sql.retryDueWork, {
      kind: 'clock',
      itemIds: null,
      after: '',
      limit: 50,
    });
    await tx.run(sql.resetPaces, { kind: 'clock' });
  });
  // Unknown people leave, one and then many at once, and become known. Then one with a similar id.
  const stranger = randomUUID();
  await harness.process([left(stranger)]);
  const many = idsOf(11);
  await harness.process(many.map(left));
  await harness.process([...many, stranger].map((one) => joined(one)));
  await harness.process([left(stranger.toUpperCase())]);
  const [conflict] = await db.run(sql.listConflicts, { limit: 50 });
  const eventId = conflict?.eventId ?? '';
  await db.run(sql.readConflicts, { eventId });
  await db.run(sql.readFirstContent, { eventId });
  const filter = { code: undefined, topic: undefined, limit: 50 };
  for (const state of ['open', undefined] as const) {
    await sql.listDeadLetters(db, { ...filter, state });
  }
  await sql.listDeadLetters(db, { ...filter, state: 'open', code: 'SOURCE_NOT_ALLOWED' });
  const topic = DEFAULT_TOPIC_NAMES['workforce-events'];
  await acceptFinding(db, { topic, partition: 2 }, { nextOffset: 0n });
  await redriveTwice(db, harness);
}

/** Once as it is, and once more after its source was registered. */
async function redriveTwice(db: sql.Db, harness: IntakeHarness): Promise<void> {
  const letter: SentEvent = { ...joined(randomUUID()), source: 'urn:example:agency' };
  await harness.process([letter]);
  const rows = await sql.listDeadLetters(harness.db, {
    state: 'open',
    code: 'SOURCE_NOT_ALLOWED',
    topic: undefined,
    limit: 1,
  });
  const id = rows[0]?.id ?? '';
  await db.run(sql.readDeadLetter, { id });
  const yaml = await readFile(EXAMPLE_POLICY_URL, 'utf8');
  const later = loadPolicy(yaml.replaceAll('urn:example:contractors', 'urn:example:agency'));
  for (const policy of [harness.policy, later]) {
    const inputOf = () => 'workforce-events' as const;
    await redrive(
      { db, policy, outputs: harness.outputs, build: harness.build, inputOf, operator: 'x' },
      id,
    );
  }
}

/** Publishes the state again, `size` objects at once; generations are restored, so that it can be repeated. */
export async function restate(db: sql.Db, size: number): Promise<void> {
  await db.transaction(async (tx) => {
    const start = epochStart(1);
    const part = { start, limit: size };
    const people = await tx.run(sql.listUnstatedIdentities, {
      ...part,
      after: '00000000-0000-0000-0000-000000000000',
    });
    const verifications = await tx.run(sql.listUnstatedVerifications, { ...part, after: '' });
    const ids = people.map(({ identityId }) => identityId);
    const accounts = await tx.run(sql.listAccounts, sql.identityIdColumns(ids));
    sql.raiseGenerations(tx, {
      identities: people.map(({ identityId: id, generation }) => ({ id, generation })),
      accounts: accounts.map(({ accountId: id, generation }) => ({ id, generation })),
      verifications: verifications.map(({ verificationId: id, generation }) => ({
        id,
        generation,
      })),
    });
  });
  await db.run(sql.finishRestating, { epoch: 1 });
}
