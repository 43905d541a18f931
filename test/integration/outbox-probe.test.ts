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

/** Waits for a row after position `after` in a lane of the topic. */
async function rowsIn(topic: string, after: bigint, signal = never): Promise<string> {
  const lanes = (await db.run(listLanes, {})).filter((lane) => lane.topic === topic);
  const starts = lanes.map(({ lane }) => ({ lane, after, maxRows: 1 }));
  await probe.waitForRows(starts, signal);
  return topic;
}

test('a wait for rows that are there resolves at once, even while others wait for none', async () => {
  await database.query(APPEND_ROWS, ['one', 3, '']);
  const first = await Promise.race([rowsIn('two', 0n), rowsIn('one', 3n), rowsIn('one', 2n)]);
  expect(first).toBe('one');
});

test.each([
  ['first', 'min'],
  ['last', 'max'],
])('each wait resolves for a row in the %s of its lanes', async (_, end) => {
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
    // Resolved by the row: without one, the longest wait resolves first.
    const first = await Promise.race([rowsIn(other, 0n), rowsIn(other, 0n), rowsIn(topic, 0n)]);
    expect(first).toBe(topic);
    await database.query('delete from outbox');
  }
});

test('a wait resolves for each of many appends', async () => {
  for (let position = 0n; position < 20n; position += 1n) {
    const [resolved] = await Promise.all([
      rowsIn('two', position),
      database.query(APPEND_ROWS, ['two', 1, '']),
    ]);
    expect(resolved).toBe('two');
  }
});

test('a wait ends without new rows, too', async () => {
  await expect(rowsIn('one', 0n)).resolves.toBe('one');
});

test('a wait ends when asked to stop', async () => {
  await expect(rowsIn('one', 0n, AbortSignal.abort())).resolves.toBe('one');
});

test('a wait fails when the poll fails, and the next one polls again', async () => {
  await database.query('alter table outbox rename to elsewhere');
  await expect(rowsIn('one', 0n)).rejects.toThrow('outbox');
  await database.query('alter table elsewhere rename to outbox');
  await database.query(APPEND_ROWS, ['one', 1, '']);
  await expect(rowsIn('one', 0n)).resolves.toBe('one');
});
