import { randomUUID } from 'node:crypto';
import { DEFAULT_TOPIC_NAMES } from '@latchkey/contracts';
import { processBatch, processBatches, reconcileDue, sweepVerifications } from '@latchkey/intake';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { inDays, type SentEvent } from '../support/events.ts';
import { type IntakeHarness, openIntakeHarness } from '../support/intake-harness.ts';
import {
  asked,
  broken,
  expire,
  inTurns,
  joined,
  makeDue,
  mixOfPersons,
  mixOfVerifications,
  moved,
  opened,
  otherContent,
  verdict,
} from '../support/sample-events.ts';
import { type Figures, mostOf, openWire } from '../support/wire.ts';

const REPORTS = { topic: DEFAULT_TOPIC_NAMES['verification-events'], partitions: 1 };

const SIZES = [1, 10, 100, 500];
/** The clock decides no more at once. */
const DUE_SIZES = [1, 10, 100, 200];
const wire = openWire();

let database: TestDatabase;
let harness: IntakeHarness;
beforeAll(async () => {
  database = await createTestDatabase();
  harness = await openIntakeHarness(database, (yaml) => yaml, { Client: wire.Client });
  // Locates both partitions.
  await harness.process([joined('first')]);
  await harness.process([asked('first')]);
});
afterAll(async () => {
  await harness[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

interface Kind {
  readonly name: string;
  /** What one batch of these sends at most, at any size. */
  readonly sends: Figures;
  /** Processed in batches before. */
  readonly before: (ids: readonly string[]) => readonly SentEvent[];
  /** As many as ids, or fewer. */
  readonly batch: (ids: readonly string[], before: readonly SentEvent[]) => readonly SentEvent[];
}

const NOTHING = (): readonly SentEvent[] => [];
const KINDS: readonly Kind[] = [
  {
    name: 'joiners',
    sends: { statements: 18, roundTrips: 6 },
    before: NOTHING,
    batch: (ids) => ids.map((id) => joined(id)),
  },
  {
    name: 'movers',
    sends: { statements: 22, roundTrips: 6 },
    before: (ids) => ids.map((id) => joined(id)),
    batch: (ids) => ids.map((id) => moved(id)),
  },
  {
    name: 'one person, repeatedly',
    sends: { statements: 24, roundTrips: 6 },
    before: ([id = '']) => [joined(id)],
    batch: ([id = '', ...others]) => [id, ...others].map((_, index) => moved(id, 2 + index)),
  },
  {
    name: 'verifications that are new',
    sends: { statements: 15, roundTrips: 5 },
    before: NOTHING,
    batch: (ids) => ids.map(asked),
  },
  {
    name: 'verdicts',
    sends: { statements: 19, roundTrips: 5 },
    before: (ids) => ids.flatMap((id) => [asked(id), opened(id)]),
    batch: (ids) =>
      inTurns(ids, [(id) => verdict(id, 'verified'), (id) => verdict(id, 'rejected')]),
  },
  {
    name: 'duplicates',
    sends: { statements: 7, roundTrips: 5 },
    before: (ids) => ids.map((id) => joined(id)),
    batch: (_, before) => before,
  },
  {
    name: 'duplicates within the batch',
    sends: { statements: 18, roundTrips: 6 },
    before: NOTHING,
    batch: ([id = '', ...others]) => {
      const event = joined(id);
      return [id, ...others].map(() => event);
    },
  },
  {
    name: 'conflicts',
    sends: { statements: 8, roundTrips: 5 },
    before: (ids) => ids.map((id) => joined(id)),
    batch: (_, before) => before.map(otherContent),
  },
  {
    name: 'poison',
    sends: { statements: 10, roundTrips: 4 },
    before: NOTHING,
    batch: (ids) => ids.map(broken),
  },
  {
    name: 'a mix of everything about persons',
    sends: { statements: 28, roundTrips: 8 },
    before: (ids) => ids.map((id) => joined(id)),
    batch: mixOfPersons,
  },
  {
    name: 'a mix of everything about verifications',
    sends: { statements: 23, roundTrips: 6 },
    before: (ids) => ids.flatMap((id) => [asked(id), opened(id)]),
    batch: mixOfVerifications,
  },
];

function idsOf(size: number): readonly string[] {
  return Array.from({ length: size }, () => randomUUID());
}

test.each(KINDS)(
  'a batch of any size sends a fixed number of statements: $name',
  async ({ sends, before, batch }) => {
    const figures = [];
    for (const size of SIZES) {
      const ids = idsOf(size);
      const earlier = before(ids);
      if (earlier.length > 0) await harness.process(earlier);
      const next = harness.batchOf(batch(ids, earlier));
      wire.drain();
      await processBatch(harness, next);
      figures.push(wire.drain());
    }
    expect(mostOf(figures)).toEqual(sends);
  },
);

test('batches of several partitions together send as much as one of them', async () => {
  await harness.processBatch(harness.batchOf([joined(randomUUID())]));
  await harness.processBatch(harness.batchOf([joined(randomUUID())], 1));
  const next = () => [
    harness.batchOf([joined(randomUUID())]),
    harness.batchOf([joined(randomUUID())], 1),
  ];
  const [one, ...others] = next();
  if (one === undefined) throw new Error('no batch');
  wire.drain();
  await processBatch(harness, one);
  const alone = wire.drain();
  await processBatches(harness, [harness.batchOf([joined(randomUUID())]), ...others]);
  const together = wire.drain();
  expect(together.roundTrips).toBe(alone.roundTrips);
  expect(together.statements).toEqual(
    alone.statements.map((name) => (name === 'lock_progress' ? 'lock_free_progress' : name)),
  );
});

test('a batch that was processed before costs one read of the position', async () => {
  const batch = harness.batchOf([joined(randomUUID())]);
  await harness.processBatch(batch);
  wire.drain();
  await processBatch(harness, batch);
  expect(wire.drain().statements).toEqual(['begin', 'lock_progress', 'commit']);
});

test('the clock sends a fixed number of statements, however many identities are due', async () => {
  const figures = [];
  for (const size of DUE_SIZES) {
    const persons = idsOf(size);
    await harness.process(persons.map((person) => joined(person, inDays(9))));
    await makeDue(database, persons, 'first');
    wire.drain();
    expect(await reconcileDue(harness)).toMatchObject({ tried: size });
    figures.push(wire.drain());
  }
  expect(mostOf(figures)).toEqual({ statements: 21, roundTrips: 6 });
  await reconcileDue(harness);
  expect(wire.drain().statements).toEqual([
    'begin',
    'lock_pace',
    'lease_fresh_identities',
    'lock_tried_work',
    'commit',
  ]);
});

test('the sweep sends a fixed number of statements, however many verifications are due', async () => {
  const figures = [];
  for (const size of DUE_SIZES) {
    const ids = idsOf(size);
    await harness.process(ids.flatMap((id) => [asked(id), opened(id)]));
    await expire(database, ids);
    wire.drain();
    expect(await sweepVerifications(harness, REPORTS)).toMatchObject({ tried: size });
    figures.push(wire.drain());
  }
  expect(mostOf(figures)).toEqual({ statements: 19, roundTrips: 6 });
  await sweepVerifications(harness, REPORTS);
  expect(wire.drain().statements).toEqual([
    'begin',
    'lock_pace',
    'lease_fresh_verifications',
    'lock_tried_work',
    'commit',
  ]);
});
