import { ensureLanes, listLanes, openDatabase } from '@latchkey/postgres';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createProbe, type Probe } from '../../services/relay/src/probe.ts';
import { APPEND_ROWS } from '../support/append-rows.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const never = new AbortController().signal;
let resources: AsyncDisposableStack;
let database: TestDatabase;
let db: ReturnType<typeof openDatabase>;
let probe: Probe;

beforeEach(async () => {
  resources = new AsyncDisposableStack();
  database = resources.use(await createTestDatabase());
  db = resources.use(
    openDatabase({
      url: database.url,
      role: 'latchkey_relay',
      poolSize: 1,
      applicationName: 'test',
      onConnectionLost: () => undefined,
    }),
  );
  for (const topic of ['one', 'two']) {
    await db.run(ensureLanes, { topic, partitions: 2 });
  }
  probe = createProbe(db);
});
afterEach(() => resources[Symbol.asyncDispose]());

/** Waits for what follows the first `after` rows of each lane of a topic. */
async function news(topic: string, after: bigint, signal = never): Promise<string> {
  const lanes = (await db.run(listLanes, {})).filter((lane) => lane.topic === topic);
  const starts = lanes.map(({ lane }) => ({ lane, after, maxRows: 1 }));
  await probe.news(starts, signal);
  return topic;
}

test('whoever waits for what is there is told at once, also while another waits in vain', async () => {
  await database.query(APPEND_ROWS, ['one', 3, '']);
  const first = await Promise.race([news('two', 0n), news('one', 3n), news('one', 2n)]);
  expect(first).toBe('one');
});

test.each([
  ['first', 'min'],
  ['last', 'max'],
])('of those who wait each is told of a row in the %s of its lanes', async (_, end) => {
  const onlyIn = (topic: string): Promise<unknown> =>
    database.query(
      `delete from outbox where lane in (select lane from outbox_lane where topic = $1)
       and lane <> (select ${end}(lane) from outbox_lane where topic = $1)`,
      [topic],
    );
  for (const [topic, other] of [
    ['one', 'two'],
    ['two', 'one'],
  ] as const) {
    await database.query(APPEND_ROWS, [topic, 1, '']);
    await onlyIn(topic);
    // Told because of the row: where nothing is new, those who have waited longest are told first.
    const told = await Promise.race([news(other, 0n), news(other, 0n), news(topic, 0n)]);
    expect(told).toBe(topic);
    await database.query('delete from outbox');
  }
});

test('each of many appends is noticed', async () => {
  for (let position = 0n; position < 20n; position += 1n) {
    const [noticed] = await Promise.all([
      news('two', position),
      database.query(APPEND_ROWS, ['two', 1, '']),
    ]);
    expect(noticed).toBe('two');
  }
});

test('where nothing is new, the wait ends all the same', async () => {
  await expect(news('one', 0n)).resolves.toBe('one');
});

test('a wait ends when asked to stop', async () => {
  await expect(news('one', 0n, AbortSignal.abort())).resolves.toBe('one');
});

test('a wait fails when the database is away, and the next one looks again', async () => {
  await database.query('alter table outbox rename to elsewhere');
  await expect(news('one', 0n)).rejects.toThrow('outbox');
  await database.query('alter table elsewhere rename to outbox');
  await database.query(APPEND_ROWS, ['one', 1, '']);
  await expect(news('one', 0n)).resolves.toBe('one');
});
