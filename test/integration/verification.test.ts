import { DEFAULT_TOPIC_NAMES } from '@latchkey/contracts';
import { sweepVerifications } from '@latchkey/intake';
import { claimEvents, insertProgress, markReadThrough } from '@latchkey/postgres';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { inSeconds, ivrEvent, type SentEvent } from '../support/events.ts';
import { type IntakeHarness, openIntakeHarness } from '../support/intake-harness.ts';

let database: TestDatabase;
let harness: IntakeHarness;
beforeEach(async () => {
  database = await createTestDatabase();
  harness = await openIntakeHarness(database);
});
afterEach(async () => {
  await harness[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const VOICE = { attempt: 'a1', platform: 'example' };
const CALL = { ...VOICE, call: { session: 'c1' } };
const TOPIC = DEFAULT_TOPIC_NAMES['verification-events'];
const PARTITIONS = 1;

function asked(verification: string, data: Readonly<Record<string, unknown>> = {}): SentEvent {
  return ivrEvent('requested', verification, { purpose: 'callback', ...data });
}

function verdict(verification: string, claim = 'verified'): SentEvent {
  return ivrEvent('verdict-reached', verification, {
    ...CALL,
    verdict: claim,
    decidedBy: 'platform',
  });
}

function call(verification: string): readonly SentEvent[] {
  const opened = ivrEvent('attempt-opened', verification, { ...VOICE, channel: 'voice' });
  return [asked(verification), opened, verdict(verification)];
}

function qualifiedId(event: SentEvent | undefined): string {
  return `${event?.source}#${event?.id}`;
}

/** Everything that intake and the sweep write about verifications. */
async function written(): Promise<unknown> {
  return {
    verifications: await harness.query('select * from verification order by verification_id'),
    attempts: await harness.query(
      'select * from verification_attempt order by verification_id, attempt',
    ),
    callbacks: await harness.query('select * from verification_callback order by event_id'),
    failures: await harness.query('select * from verification_failure order by subject, purpose'),
    audit: await harness.query('select count(*)::int as n from audit_entry'),
    outbox: await harness.query('select * from outbox order by lane, position'),
  };
}

async function outcomes(): Promise<readonly string[]> {
  const rows = await harness.query<{ payload: string }>(
    'select payload from outbox order by lane, position',
  );
  return rows.map(({ payload }) => {
    const { verification, outcome } = JSON.parse(payload) as Record<string, string>;
    return `${verification} ${outcome}`;
  });
}

function sweep(): Promise<number> {
  return sweepOf(PARTITIONS);
}

/** @param partitions - how many the brokers have reported; undefined: there is no topic */
async function sweepOf(partitions: number | undefined): Promise<number> {
  const reports = {
    topic: partitions === undefined ? null : TOPIC,
    partitions: partitions ?? 0,
  };
  const { tried } = await sweepVerifications(harness, reports);
  return tried;
}

/** Processes reports in partition 0 of a topic of three, and waits for the deadline of one. */
async function withDeadline(): Promise<void> {
  await harness.process([asked('v1', { expiresAt: inSeconds(1) })], 0);
  for (const partition of [1, 2]) {
    await harness.db.run(insertProgress, { topic: TOPIC, partition, nextOffset: 0n });
  }
  await expect
    .poll(() =>
      harness.query('select from verification where next_deadline_at <= clock_timestamp()'),
    )
    .toHaveLength(1);
}

async function readThrough(partition: number, throughMs = Date.now()): Promise<void> {
  const [row] = await harness.query<{ next_offset: string }>(
    'select next_offset from intake_progress where topic = $1 and partition = $2',
    [TOPIC, partition],
  );
  const logEnd = BigInt(row?.next_offset ?? 0);
  await harness.db.run(markReadThrough, { topic: TOPIC, partition, logEnd, throughMs });
}

test('a verification that cannot be decided is parked with a review, and the others expire', async () => {
  const expiresAt = inSeconds(1);
  const [, opened] = call('v1');
  await harness.process([asked('v1', { expiresAt }), asked('v2', { expiresAt })]);
  if (opened !== undefined) await harness.process([opened]);
  // A value that no code of ours writes.
  await harness.query("update verification_attempt set detail = 'null'");
  await expect.poll(() => Date.now()).toBeGreaterThan(Date.parse(expiresAt));
  await readThrough(0);

  expect(await sweep()).toBe(2);
  expect(await sweep()).toBe(0);
  expect(
    await harness.query("select verification_id from verification where state = 'expired'"),
  ).toEqual([{ verification_id: 'v2' }]);
  expect(await harness.query('select kind, subject from review')).toEqual([
    { kind: 'sweep_failed', subject: 'v1' },
  ]);
});

test('of a settled verification only the generation may change, and it may only rise', async () => {
  await using database = await createTestDatabase();
  await database.query(
    "insert into verification (verification_id, state, generation) values ('final', 'locked', 5)",
  );
  const update = (change: string) =>
    database.query(`update verification set ${change} where verification_id = 'final'`);

  await update('generation = 9');
  await expect(update('generation = 8')).rejects.toThrow('is final');
  await expect(update("state = 'verified', generation = 10")).rejects.toThrow('is final');
  await expect(update("purpose = 'other'")).rejects.toThrow('is final');
  await expect(database.query('delete from verification')).rejects.toThrow('is final');
});

test('a call is verified: row, attempt, one callback a report, one settled message', async () => {
  expect(await harness.process(call('v1'))).toMatchObject({ counts: { received: 3, applied: 3 } });

  expect(
    await harness.query('select state, attempt, channel, generation from verification'),
  ).toEqual([{ state: 'verified', attempt: 'a1', channel: 'voice', generation: '1' }]);
  expect(await harness.query('select attempt, state, session from verification_attempt')).toEqual([
    { attempt: 'a1', state: 'verified', session: 'c1' },
  ]);
  expect(await harness.query('select disposition from verification_callback')).toEqual([
    { disposition: 'accepted' },
    { disposition: 'accepted' },
    { disposition: 'accepted' },
  ]);
  expect(await outcomes()).toEqual(['v1 verified']);
});

test('the same reports delivered again are duplicates and write nothing', async () => {
  const events = call('v1');
  await harness.process(events);
  const before = await written();

  expect(await harness.process(events)).toMatchObject({ counts: { duplicate: 3, applied: 0 } });

  expect(await written()).toEqual(before);
});

test('a redelivered report gets the stored outcome, also after its claim was deleted', async () => {
  const reports = call('v1');
  await harness.process(reports);
  await harness.query('delete from inbox where event_id = $1', [qualifiedId(reports[1])]);

  const claims = reports.map((report) => ({
    eventId: qualifiedId(report),
    fingerprint: '00'.repeat(32),
  }));
  const earlier = await harness.db.transaction((tx) => claimEvents(tx, claims));

  const told = claims.map(({ eventId }) => earlier.get(eventId)?.outcome ?? '');
  expect(told.map((outcome) => JSON.parse(outcome) as unknown)).toEqual([
    { disposition: 'accepted', finalState: 'pending' },
    { disposition: 'accepted', finalState: 'open' },
    { disposition: 'accepted', finalState: 'verified' },
  ]);
});

test('an aborted transaction leaves nothing, and the batch is applied once afterwards', async () => {
  await harness.process([asked('v0')]);
  const before = await written();
  const batch = harness.batchOf(call('v1'));
  await database.query(`create function refuse_outbox() returns trigger language plpgsql as
    $$ begin raise exception 'refused'; end $$`);
  await database.query(
    'create trigger refuse before insert on outbox execute function refuse_outbox()',
  );

  await expect(harness.processBatch(batch)).rejects.toThrow('refused');
  expect(await written()).toEqual(before);

  await database.query('drop trigger refuse on outbox');
  expect(await harness.processBatch(batch)).toMatchObject({ counts: { applied: 3 } });
  expect(await outcomes()).toEqual(['v1 verified']);
});

test('two transactions on one verification: one outcome, each report kept', async () => {
  const [question, opened, success] = call('v1') as [SentEvent, SentEvent, SentEvent];
  await harness.process([question, opened]);

  await Promise.all([
    harness.process([success], 1),
    harness.process([verdict('v1', 'rejected')], 2),
  ]);

  const rows = await harness.query<{ disposition: string }>(
    "select disposition from verification_callback where data like '%verdict%' order by disposition",
  );
  expect(rows.map(({ disposition }) => disposition)).toEqual(['accepted', 'contradictory']);
  const [attempt] = await harness.query<{ state: string }>(
    'select state from verification_attempt',
  );
  expect(await outcomes()).toEqual(attempt?.state === 'verified' ? ['v1 verified'] : []);
});

test('the sweep expires only verifications whose deadline was read past, and each once', async () => {
  await harness.process([
    asked('v1', { expiresAt: inSeconds(-60) }),
    asked('v2', { expiresAt: inSeconds(1) }),
  ]);
  expect(await outcomes()).toEqual(['v1 expired']);
  await expect
    .poll(() =>
      harness.query('select from verification where next_deadline_at <= clock_timestamp()'),
    )
    .toHaveLength(1);
  expect(await sweep()).toBe(0);

  const [input] = await harness.query<{ topic: string; partition: number; next_offset: string }>(
    'select topic, partition, next_offset from intake_progress',
  );
  if (input === undefined) throw new Error('no position');
  const { topic, partition, next_offset: next } = input;
  await harness.db.run(markReadThrough, {
    topic,
    partition,
    logEnd: BigInt(next),
    throughMs: Date.now(),
  });

  expect(await sweep()).toBe(1);
  expect((await outcomes()).toSorted()).toEqual(['v1 expired', 'v2 expired']);
  expect(await sweep()).toBe(0);
});

test('the sweep waits for every partition of the topic, with any key of a verification', async () => {
  await withDeadline();

  for (const partition of [0, 1]) await readThrough(partition);
  expect(await sweepOf(3)).toBe(0);

  await readThrough(2, Date.now() - 60_000);
  expect(await sweepOf(3)).toBe(0);

  await readThrough(2);
  expect(await sweepOf(3)).toBe(1);
  expect(await outcomes()).toEqual(['v1 expired']);
});

test('the sweep waits for a partition without a position, not for one that was removed', async () => {
  await withDeadline();
  for (const partition of [0, 1, 2]) await readThrough(partition);
  await harness.query('update intake_progress set read_through_at = null where partition = 2');

  expect(await sweepOf(4)).toBe(0);
  expect(await sweepOf(0)).toBe(0);
  expect(await sweepOf(2)).toBe(1);
});

test.each([
  ['59 minutes', 0],
  ['60 minutes', 1],
])('a partition that has been stopped for %s: %i due', async (time, due) => {
  await withDeadline();
  for (const partition of [0, 1]) await readThrough(partition);
  await harness.query(
    `update intake_progress set stopped_code = 'LOG_DIFFERS', stopped_at = now() - $1::interval
     where partition = 2`,
    [time],
  );

  expect(await sweepOf(3)).toBe(due);
});

test('without a verification topic verifications expire by the clock of the database', async () => {
  await withDeadline();
  await harness.query('delete from intake_progress');

  expect(await sweepOf(3)).toBe(0);
  expect(await sweepOf(undefined)).toBe(1);
  expect(await outcomes()).toEqual(['v1 expired']);
});
