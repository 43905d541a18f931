import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { expect, inject, test } from 'vitest';
import { PROGRESS_TOTALS, type ProgressTotals } from '../../support/checks.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { inDays, type SentEvent, structured } from '../../support/events.ts';
import { externalIdOf, fillPersons } from '../../support/known-persons/fill-persons.ts';
import {
  type LongRecord,
  longRecord,
  makeLastDue,
  movedTo,
  orderOf,
} from '../../support/known-persons/long-record.ts';
import { produce } from '../../support/produce.ts';
import { createTestTopics } from '../../support/topics.ts';
import { type LimitedReconciler, startLimited } from './limited-reconciler.ts';
import { SIZES } from './sizes.ts';

/** Resident memory: the heap of 256 MB, what is no heap, and some room. */
const RESIDENT_MAX_MB = 450;

test(`a batch about ${SIZES.batch.persons} persons with ${SIZES.batch.facts} facts each is applied within the memory of the image`, async () => {
  const { persons, facts, bytes } = SIZES.batch;
  await using known = await knownPersons(persons, { facts, bytes, lastInDays: -300 });
  const events = Array.from({ length: persons }, (_, person) =>
    movedTo('Finance', {
      externalId: externalIdOf(person),
      order: orderOf(facts + 1),
      at: inDays(-1),
    }),
  );

  await known.send(events);
  await using reconciler = await known.start();
  await reconciler.until('the batch is applied', () => known.areApplied(persons));

  expect(await known.countInFinance()).toBe(persons);
  await verifyMemory('batch', reconciler);
});

test(`an event about one person with ${SIZES.large.facts} large facts is applied within the memory of the image, also a late one`, async () => {
  const { facts, bytes } = SIZES.large;
  await using known = await knownPersons(1, { facts, bytes, lastInDays: -300 });
  const externalId = externalIdOf(0);
  await using reconciler = await known.start();

  await known.send([movedTo('Finance', { externalId, order: orderOf(facts + 1), at: inDays(-1) })]);
  await reconciler.until('the event is applied', () => known.areApplied(1));
  expect(await known.countInFinance()).toBe(1);

  // Between two facts that were known before, and after all of their dates.
  await known.send([movedTo('Support', { externalId, order: orderOf(3) + 5, at: inDays(0) })]);
  await reconciler.until('the late event is applied', () => known.areApplied(2));
  expect(await known.countInFinance()).toBe(0);
  await verifyMemory('large facts', reconciler);
});

test(`${SIZES.due.persons} persons with ${SIZES.due.facts} facts each who are due at once are decided within the memory of the image`, async () => {
  const { persons, facts, bytes } = SIZES.due;
  await using known = await knownPersons(persons, { facts, bytes, lastInDays: 1 });
  expect(await known.countInFinance()).toBe(persons);
  await makeLastDue(known.database);

  await using reconciler = await known.start();
  await reconciler.until('all are decided', async () => (await known.countInFinance()) === 0);

  const [undecided] = await known.database.query<{ count: number }>(
    `select count(*)::integer as count from identity
     where parked_at is not null or next_transition_at <= now()`,
  );
  expect(undecided?.count).toBe(0);
  await verifyMemory('due', reconciler);
});

interface Known extends AsyncDisposable {
  readonly database: TestDatabase;
  start(): Promise<LimitedReconciler>;
  /** Sends events as one batch of one partition. */
  send(events: readonly SentEvent[]): Promise<void>;
  /** True when so many events are applied and nothing else has happened to any. */
  areApplied(count: number): Promise<boolean>;
  /** Number of persons with access to the ledger. */
  countInFinance(): Promise<number>;
}

async function knownPersons(persons: number, record: LongRecord): Promise<Known> {
  await using stack = new AsyncDisposableStack();
  const brokers = inject('brokers');
  const database = stack.use(await createTestDatabase());
  await fillPersons(database, persons, longRecord(record));
  await database.query('vacuum analyze');
  const topics = stack.use(await createTestTopics(brokers, { partitions: 1 }));
  const kafka = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  stack.defer(() => producer.disconnect());
  const owned = stack.move();
  return {
    database,
    start: () => startLimited(database, topics),
    send: (events) => produce(producer, topics, events.map(structured)),
    areApplied: async (count) => {
      const [totals] = await database.query<ProgressTotals & Record<string, number>>(
        PROGRESS_TOTALS,
      );
      const { received = 0, applied = 0 } = totals ?? {};
      if (received > applied) throw new Error(`not applied: ${JSON.stringify(totals)}`);
      return applied === count;
    },
    countInFinance: async () => {
      const [row] = await database.query<{ count: number }>(
        `select count(*)::integer as count from assignment where entitlement = 'ledger-read'`,
      );
      return row?.count ?? 0;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function verifyMemory(what: string, reconciler: LimitedReconciler): Promise<void> {
  const { resident, heap } = await reconciler.peakMb();
  console.log(`${what}: at most ${resident} MB resident, ${heap} MB of heap seen in use`);
  expect(resident).toBeLessThan(RESIDENT_MAX_MB);
}
