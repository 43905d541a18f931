import { type Db, ensureLanes, openDatabase } from '@latchkey/postgres';
import type { PublishedRecord } from '@latchkey/publication';
import { expect, test } from 'vitest';
import {
  type LaneToDrop,
  PublishedDropper,
} from '../../packages/repair/src/rebase/drop-published.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { nameOf, type Query, wrappedClient } from '../support/wrapped-client.ts';

const ROWS = 12;

/** Fails before the statement after this many deletions. */
function killedBefore(drops: number): (query: Query) => Query {
  let left = drops;
  return (query) => (config, values) => {
    if (nameOf(config) !== 'drop_messages') return query(config, values);
    left -= 1;
    return left < 0 ? Promise.reject(new Error('killed')) : query(config, values);
  };
}

function published(position: bigint, ceId: string): PublishedRecord {
  const record = { offset: position, timestampMs: 0, key: null, value: null, headers: [] };
  return { position, ceId, anchor: '', epoch: 0, generation: 1n, record };
}

function open(database: TestDatabase, wrap: (query: Query) => Query = (query) => query): Db {
  return openDatabase({
    url: database.url,
    role: undefined,
    purpose: 'repair',
    poolSize: 1,
    applicationName: 'test-operator',
    onConnectionLost: () => undefined,
    Client: wrappedClient(wrap),
  });
}

interface Filled {
  readonly lanes: readonly LaneToDrop[];
  readonly tails: readonly (readonly PublishedRecord[])[];
}

/**
 * Twelve messages in each of two lanes, the seventh a placeholder. Of partition 0 each third one was published, of
 * partition 1 each second one.
 */
async function fill(database: TestDatabase): Promise<Filled> {
  await using db = open(database);
  await db.run(ensureLanes, { topic: 'one', partitions: 2 });
  const rows = await database.query<{
    partition: number;
    lane: number;
    position: bigint;
    id: string;
  }>(
    `insert into outbox (lane, position, ce_id, key, headers, payload, generation)
     select lane, n, gen_random_uuid(), 'k', '{}', '{}', case n when 7 then 0 else 1 end
     from outbox_lane, generate_series(1, $1::integer) as n
     returning (select partition from outbox_lane where lane = outbox.lane), lane,
       position, ce_id::text as id`,
    [ROWS],
  );
  const own = [0, 1].map((partition) => rows.filter((row) => row.partition === partition));
  return {
    lanes: own.map(([row], partition) => ({ partition, lane: row?.lane ?? -1, after: 4n })),
    tails: own.map((waiting, partition) => [
      ...waiting
        .filter(({ position }) => Number(position) % (3 - partition) === 0)
        .map(({ position, id }) => published(position + 20n, id)),
    ]),
  };
}

/** Reads two messages of each partition at a time. */
function drop(db: Db, { lanes, tails }: Filled, maxIds: number) {
  return db.session(async (session) => {
    const dropper = new PublishedDropper(session, lanes, maxIds);
    for (let at = 0; at < ROWS; at += 2) {
      for (const [partition, records] of tails.entries()) {
        await dropper.drop(partition, records.slice(at, at + 2));
      }
    }
    return await dropper.finish();
  });
}

async function positionsLeft(database: TestDatabase): Promise<readonly (readonly number[])[]> {
  const rows = await database.query<{ positions: number[] }>(
    'select array_agg(position::integer order by position) as positions from outbox group by lane order by lane',
  );
  return rows.map(({ positions }) => positions);
}

const LEFT = [
  [1, 2, 3, 4, 5, 8, 10, 11],
  [1, 2, 3, 4, 5, 9, 11],
];

test.each([1, 5, 1_000])(
  'messages that two partitions published are removed from the unpublished rows, %s ids at once',
  async (maxIds) => {
    await using database = await createTestDatabase();
    const filled = await fill(database);
    await using db = open(database);

    const dropped = await drop(db, filled, maxIds);

    expect(Object.fromEntries(dropped)).toEqual({ 0: 4, 1: 5 });
    expect(await positionsLeft(database)).toEqual(LEFT);
  },
);

test('the same messages are deleted after a kill at any moment and another run', async () => {
  for (const drops of [0, 1, 2, 3]) {
    await using database = await createTestDatabase();
    const filled = await fill(database);
    await using killed = open(database, killedBefore(drops));
    await expect(drop(killed, filled, 2), `${drops} drops`).rejects.toThrow();

    await using db = open(database);
    await drop(db, filled, 2);

    expect(await positionsLeft(database)).toEqual(LEFT);
  }
});
