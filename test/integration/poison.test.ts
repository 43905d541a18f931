import { DEFAULT_TOPIC_NAMES, type InputTopic } from '@latchkey/contracts';
import { reconcileDue, redrive } from '@latchkey/intake';
import type { PartitionReading } from '@latchkey/kafka';
import { type Db, openDatabase } from '@latchkey/postgres';
import { createHealth, createLogger, createMetrics } from '@latchkey/runtime';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { intakeMetrics } from '../../services/reconciler/src/intake-metrics.ts';
import { Membership } from '../../services/reconciler/src/membership.ts';
import { readInputs } from '../../services/reconciler/src/read-inputs.ts';
import { consumedBatch } from '../support/consumed-batch.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { employee, hrEvent, inDays, inSeconds, type SentEvent } from '../support/events.ts';
import { type IntakeHarness, openIntakeHarness } from '../support/intake-harness.ts';
import { partitionLease } from '../support/partition-lease.ts';
import { nameOf, wrappedClient } from '../support/wrapped-client.ts';

let database: TestDatabase;
let harness: IntakeHarness;
let operator: Db;
beforeEach(async () => {
  database = await createTestDatabase();
  harness = await openIntakeHarness(database);
  operator = openDatabase({
    url: database.url,
    role: 'latchkey_operator',
    poolSize: 2,
    applicationName: 'test-operator',
    onConnectionLost: () => undefined,
  });
});
afterEach(async () => {
  await operator[Symbol.asyncDispose]();
  await harness[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

function joined(person: string, startsAt = inDays(-9)): SentEvent {
  return hrEvent('joined', person, 1, { startsAt, attributes: employee('Sales') });
}

/** The database refuses a row of a table, as it would refuse a value that validation missed. */
async function refuse(table: 'fact' | 'account', when: string): Promise<void> {
  await database.query(`
    create function refuse_poison() returns trigger language plpgsql as $$
    begin raise exception 'poison' using errcode = '22003'; end $$;
    create trigger poison before insert on ${table} for each row
    when (${when}) execute function refuse_poison();`);
}

async function due(): Promise<number> {
  const { tried } = await reconcileDue(harness);
  return tried;
}

test('an identity whose decision the database refuses is parked, and the clock decides the others', async () => {
  const startsAt = inSeconds(1);
  await harness.process(['a', 'poison', 'z'].map((person) => joined(person, startsAt)));
  await refuse('account', "new.user_name = 'poison'");
  await expect.poll(() => Date.now()).toBeGreaterThan(Date.parse(startsAt));
  expect(await due()).toBe(3);
  const accounts = await database.query('select distinct user_name from account order by 1');
  expect(accounts).toEqual([{ user_name: 'a' }, { user_name: 'z' }]);
  const parked = await database.query(
    'select external_id from identity where parked_at is not null',
  );
  expect(parked).toEqual([{ external_id: 'poison' }]);
  const [review, ...others] = await database.query('select kind, detail from review');
  expect(others).toEqual([]);
  expect(review).toMatchObject({ kind: 'clock_failed' });
  expect(review?.['detail']).toContain('22003');
  expect(await due()).toBe(0);
});

test('an identity that is no longer due is not parked', async () => {
  const startsAt = inSeconds(1);
  let looks = 0;
  await using elsewhere = await openIntakeHarness(database, undefined, {
    // Another process decides it between the failed decision and the parking.
    Client: wrappedClient((query) => async (config, values) => {
      if (nameOf(config) === 'lock_leased_identities') looks += 1;
      if (looks === 2) await database.query('update identity set next_transition_at = null');
      return query(config, values);
    }),
  });
  await harness.process([joined('poison', startsAt)]);
  await refuse('account', "new.user_name = 'poison'");
  await expect.poll(() => Date.now()).toBeGreaterThan(Date.parse(startsAt));

  await reconcileDue({ ...harness, db: elsewhere.db });

  expect(looks).toBe(2);
  expect(await database.query('select from identity where parked_at is not null')).toEqual([]);
  expect(await database.query('select from due_work')).toEqual([]);
  expect(await database.query('select from review')).toEqual([]);
});

test('a dead letter that the database still refuses is given up again, without an error of the command', async () => {
  await refuse('fact', "new.engagement = 'E-poison'");
  await harness.processOrIsolate(harness.batchOf([joined('poison')]));
  const [letter] = await database.query<{ id: string }>('select id from dead_letter');
  const inputOf = (): InputTopic => 'workforce-events';
  const context = {
    policy: harness.policy,
    outputs: harness.outputs,
    build: harness.build,
    inputOf,
    operator: 'grace',
  };
  expect(await redrive({ ...context, db: operator }, letter?.id ?? '')).toMatchObject({
    kind: 'dead_letter',
    code: 'APPLY_FAILED',
  });
  const again = await database.query('select state, attempts, cause from dead_letter');
  expect(again).toMatchObject([{ state: 'open', attempts: 2 }]);
  await database.query('drop trigger poison on fact');
  expect(await redrive({ ...context, db: operator }, letter?.id ?? '')).toEqual({
    kind: 'applied',
  });
  await expect(
    database.query("update dead_letter set state = 'open', redriven_at = null, redriven_by = null"),
  ).rejects.toThrow('is final');
});

test('a dead letter that can be stored now but not decided is applied, and its person is undecided', async () => {
  await refuse('fact', "new.engagement = 'E-poison'");
  await harness.processOrIsolate(harness.batchOf([joined('poison')]));
  const [letter] = await database.query<{ id: string }>('select id from dead_letter');
  await database.query(`
    drop trigger poison on fact;
    create trigger poison before insert on account for each row execute function refuse_poison()`);
  const inputOf = (): InputTopic => 'workforce-events';
  const { policy, outputs, build } = harness;
  const context = { policy, outputs, build, inputOf, operator: 'grace' };

  expect(await redrive({ ...context, db: operator }, letter?.id ?? '')).toEqual({
    kind: 'applied',
  });
  expect(await redrive({ ...context, db: operator }, letter?.id ?? '')).toEqual({
    kind: 'not_open',
  });
  expect(await database.query('select disposition from inbox')).toEqual([
    { disposition: 'applied' },
  ]);
  expect(await database.query('select kind from review')).toEqual([{ kind: 'identity_undecided' }]);
  expect(await database.query('select from identity where parked_at is not null')).toHaveLength(1);
});

test('errors of the system while poison is isolated do not count as poison', async () => {
  await refuse('fact', "new.engagement = 'E-poison'");
  await database.query('revoke insert on dead_letter from latchkey_reconciler');
  const batch = harness.batchOf([joined('poison')]);
  for (let tries = 0; tries < 4; tries += 1) {
    await expect(harness.processOrIsolate(batch)).rejects.toThrow('permission denied');
  }
  await database.query('grant insert on dead_letter to latchkey_reconciler');
  expect(await harness.processOrIsolate(batch)).toMatchObject([
    { kind: 'processed', counts: { deadLetter: 1 } },
  ]);
});

/** As the reconciler processes what it has fetched. */
function reading(topic: string): PartitionReading {
  return readInputs(harness, {
    inputs: new Map([[topic, 'workforce-events']]),
    maxEvents: 10,
    transactionsAtOnce: 4,
    membership: new Membership(createHealth()),
    metrics: intakeMetrics(createMetrics(), [topic]),
    log: createLogger({ service: 'test', level: 'silent', to: 'stderr' }),
    health: createHealth(),
    signal: new AbortController().signal,
  });
}

test('poison in one partition is isolated, and batches processed together with it are applied', async () => {
  await refuse('fact', "new.engagement = 'E-poison'");
  const topic = DEFAULT_TOPIC_NAMES['workforce-events'];
  const partitions = reading(topic);
  const batches = [[joined('a')], [joined('b'), joined('poison'), joined('c')], [joined('d')]].map(
    (events, partition) => harness.batchOf(events, partition),
  );
  for (const { partition, nextOffset } of batches) {
    await partitions.locate({ topic, partition, logStart: 0n, logEnd: nextOffset });
  }
  const outcomes = batches.map((batch) =>
    partitions.process(consumedBatch(batch, Date.now()), partitionLease()),
  );
  expect(await Promise.all(outcomes)).toEqual(['processed', 'processed', 'processed']);
  const rows = await database.query(
    'select applied::int, dead_letter::int from intake_progress order by partition',
  );
  expect(rows).toEqual([
    { applied: 1, dead_letter: 0 },
    { applied: 2, dead_letter: 1 },
    { applied: 1, dead_letter: 0 },
  ]);
});

test('a lost partition is left out, and the batches that waited together with it are applied', async () => {
  const topic = DEFAULT_TOPIC_NAMES['workforce-events'];
  const partitions = reading(topic);
  const [kept, lost] = [[joined('kept')], [joined('lost')]].map((events, partition) =>
    harness.batchOf(events, partition),
  );
  if (kept === undefined || lost === undefined) throw new Error('no batches');
  for (const partition of [0, 1])
    await partitions.locate({ topic, partition, logStart: 0n, logEnd: 1n });
  const outcomes = await Promise.all([
    partitions.process(consumedBatch(kept, Date.now()), partitionLease()),
    partitions.process(consumedBatch(lost, Date.now()), partitionLease(false)),
  ]);
  expect(outcomes).toEqual(['processed', 'relocate']);
  expect(await database.query('select external_id from identity')).toEqual([
    { external_id: 'kept' },
  ]);
});

test.each([1.8e18, -9.2e18, 1.8e15, -1])(
  'a record that its sender stamped with %d is processed like any other',
  async (timestampMs) => {
    const topic = DEFAULT_TOPIC_NAMES['workforce-events'];
    const partitions = reading(topic);
    await partitions.locate({ topic, partition: 0, logStart: 0n, logEnd: 2n });
    const batch = harness.batchOf([joined('a'), hrEvent('joined', 'broken', 1, {})]);
    let tries = 0;
    const renew = (): Promise<boolean> => {
      tries += 1;
      return Promise.resolve(tries <= 2);
    };
    const lease = { ...partitionLease(), renew };
    expect(await partitions.process(consumedBatch(batch, timestampMs), lease)).toBe('processed');
    const progress = await database.query('select applied, dead_letter from intake_progress');
    expect(progress).toEqual([{ applied: '1', dead_letter: '1' }]);
  },
);
