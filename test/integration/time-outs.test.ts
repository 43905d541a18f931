import { DEFAULT_TOPIC_NAMES } from '@latchkey/contracts';
import type { PartitionReading } from '@latchkey/kafka';
import { sqlStateOf } from '@latchkey/postgres';
import { createHealth, createLogger, createMetrics } from '@latchkey/runtime';
import type { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { intakeMetrics } from '../../services/reconciler/src/intake-metrics.ts';
import { Membership } from '../../services/reconciler/src/membership.ts';
import { readInputs } from '../../services/reconciler/src/read-inputs.ts';
import { consumedBatch } from '../support/consumed-batch.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import type { SentEvent } from '../support/events.ts';
import { eventually } from '../support/eventually.ts';
import { hurriedClient } from '../support/hurried-client.ts';
import { type IntakeHarness, openIntakeHarness } from '../support/intake-harness.ts';
import { partitionLease } from '../support/partition-lease.ts';
import { joined } from '../support/sample-events.ts';
import { nameOf, type Query } from '../support/wrapped-client.ts';

let database: TestDatabase;
let harness: IntakeHarness | undefined;
beforeEach(async () => {
  database = await createTestDatabase();
  // A transaction with a slow person, or with too many facts, takes for ever.
  await database.query(`
    create table slow (engagement text, max_facts int);
    insert into slow values (null, 1000000);
    create function be_slow() returns trigger language plpgsql security definer as $$
    begin
      if exists (select from slow where (select count(*) from added) > max_facts
        or engagement in (select engagement from added)) then perform pg_sleep(3600); end if;
      return null;
    end $$;
    create trigger slow after insert on fact referencing new table as added
    for each statement execute function be_slow();`);
});
afterEach(async () => {
  await harness?.[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

async function open(client: typeof Client): Promise<IntakeHarness> {
  harness = await openIntakeHarness(database, undefined, { Client: client });
  return harness;
}

/** Eight people; the fifth is the one that may be slow. */
const EVENTS = ['a', 'b', 'c', 'd', 'slow', 'f', 'g', 'h'].map((person) => joined(person));

const COUNTS = `
  select next_offset::int as next, received::int, applied::int, dead_letter::int as letters, isolations,
    (select count(*)::int from fact) as facts, (select count(*)::int from dead_letter) as stored
  from intake_progress order by partition`;

/**
 * Where the server ends a session that is idle: after the answer to the claims of these many events nothing is sent until it has.
 */
function pausingClient(isPaused: (eventIds: readonly string[]) => boolean): typeof Client {
  const Hurried = hurriedClient(`idle_in_transaction_session_timeout = '800ms'`);
  return class extends Hurried {
    constructor(config?: ConstructorParameters<typeof Client>[0]) {
      super(config);
      const query = this.query.bind(this) as unknown as Query;
      const pausing: Query = async (statement, values) => {
        const answer = query(statement, values);
        if (nameOf(statement) !== 'insert_claims' || typeof statement === 'string') return answer;
        if (!isPaused(String(statement.values?.[0]).split('\u001f'))) return answer;
        await answer;
        const { processID } = this as unknown as { processID: number };
        const left = (): Promise<unknown[]> =>
          database.query('select from pg_stat_activity where pid = $1', [processID]);
        await eventually('the session ends', left, ({ length }) => length === 0);
        return answer;
      };
      this.query = pausing as unknown as typeof this.query;
    }
  };
}

interface Way {
  readonly state: string;
  /** What makes transactions with more than two events too slow, or undoes it. */
  readonly client: (limits: Limits) => typeof Client;
}

interface Limits {
  maxEvents: number;
  slowId: string | undefined;
}

const WAYS: readonly Way[] = [
  { state: '57014', client: () => hurriedClient(`statement_timeout = '800ms'`) },
  { state: '25P04', client: () => hurriedClient(`transaction_timeout = '800ms'`) },
  {
    state: '25P03',
    client: (limits) =>
      pausingClient(
        (ids) =>
          ids.length > limits.maxEvents || ids.some((id) => id.endsWith(limits.slowId ?? ' ')),
      ),
  },
];

async function limit(limits: Limits, changed: Partial<Limits>): Promise<void> {
  Object.assign(limits, changed);
  await database.query('update slow set engagement = $1, max_facts = $2', [
    limits.slowId === undefined ? null : 'E-slow',
    limits.maxEvents,
  ]);
}

describe.each(WAYS)('a transaction that ends with $state', ({ state, client }) => {
  const limits: Limits = { maxEvents: 1_000_000, slowId: undefined };

  test('is halved until it fits in the time; nothing is isolated', async () => {
    const intake = await open(client(limits));
    await limit(limits, { maxEvents: 2, slowId: undefined });
    const batch = intake.batchOf(EVENTS);
    const outcomes = await intake.processOrIsolate(batch);
    expect(outcomes).toMatchObject(
      Array.from({ length: 4 }, () => ({ kind: 'processed', counts: { received: 2, applied: 2 } })),
    );
    expect(await database.query(COUNTS)).toEqual([
      { next: 8, received: 8, applied: 8, letters: 0, isolations: 0, facts: 8, stored: 0 },
    ]);
  });

  test('about a single event is tried again for ever, and no event behind it comes before it', async () => {
    const intake = await open(client(limits));
    await limit(limits, { maxEvents: 1_000_000, slowId: EVENTS[4]?.id });
    const batch = intake.batchOf(EVENTS);
    for (let tries = 0; tries < 2; tries += 1) {
      const error: unknown = await intake
        .processOrIsolate(batch)
        .catch((thrown: unknown) => thrown);
      expect(sqlStateOf(error)).toBe(state);
      expect(await database.query(COUNTS)).toEqual([
        { next: 4, received: 4, applied: 4, letters: 0, isolations: 0, facts: 4, stored: 0 },
      ]);
    }
    await limit(limits, { slowId: undefined });
    expect((await intake.processOrIsolate(batch)).at(-1)).toMatchObject({ kind: 'processed' });
    expect(await database.query(COUNTS)).toEqual([
      { next: 8, received: 8, applied: 8, letters: 0, isolations: 0, facts: 8, stored: 0 },
    ]);
  });
});

const TOPIC = DEFAULT_TOPIC_NAMES['workforce-events'];

/** As the reconciler processes what it has fetched. */
function readingOf(intake: IntakeHarness, metrics = createMetrics()): PartitionReading {
  return readInputs(intake, {
    inputs: new Map([[TOPIC, 'workforce-events']]),
    maxEvents: 100,
    transactionsAtOnce: 4,
    membership: new Membership(createHealth()),
    metrics: intakeMetrics(metrics, [TOPIC]),
    log: createLogger({ service: 'test', level: 'silent', to: 'stderr' }),
    health: createHealth(),
    signal: new AbortController().signal,
  });
}

test('batches that are too slow together are processed alone, and halved', async () => {
  const limits: Limits = { maxEvents: 2, slowId: undefined };
  const intake = await open(hurriedClient(`statement_timeout = '800ms'`));
  await limit(limits, {});
  const reading = readingOf(intake);
  const batches = [0, 1, 2].map((partition) => intake.batchOf(personsOf(partition), partition));
  for (const { partition, nextOffset } of batches) {
    await reading.locate({ topic: TOPIC, partition, logStart: 0n, logEnd: nextOffset });
  }
  const processed = await Promise.all(
    batches.map((batch) => reading.process(consumedBatch(batch, Date.now()), partitionLease())),
  );
  expect(processed).toEqual(['processed', 'processed', 'processed']);
  const counts = { next: 4, received: 4, applied: 4, letters: 0, isolations: 0 };
  expect(await database.query(COUNTS)).toEqual(
    Array.from({ length: 3 }, () => ({ ...counts, facts: 12, stored: 0 })),
  );
});

test('what was applied before a slow event is counted once, however often that is tried again', async () => {
  const limits: Limits = { maxEvents: 100, slowId: 'the fifth' };
  const intake = await open(hurriedClient(`statement_timeout = '800ms'`));
  await limit(limits, {});
  const metrics = createMetrics();
  const reading = readingOf(intake, metrics);
  await reading.locate({ topic: TOPIC, partition: 0, logStart: 0n, logEnd: 8n });
  let tries = 0;
  const renew = async (): Promise<boolean> => {
    tries += 1;
    if (tries === 3) await limit(limits, { slowId: undefined });
    return true;
  };
  const batch = consumedBatch(intake.batchOf(EVENTS), Date.now());
  expect(await reading.process(batch, { ...partitionLease(), renew })).toBe('processed');
  expect(tries).toBe(3);
  expect(await database.query(COUNTS)).toMatchObject([{ received: 8, applied: 8, stored: 0 }]);
  expect(await metrics.text()).toContain(
    `latchkey_deliveries_total{topic="${TOPIC}",disposition="applied"} 8`,
  );
});

function personsOf(partition: number): readonly SentEvent[] {
  return [0, 1, 2, 3].map((each) => joined(`p${partition}-${each}`));
}
