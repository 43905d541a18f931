import { ensureLanes, openDatabase } from '@latchkey/postgres';
import type { PublishedRecord } from '@latchkey/publication';
import { expect, test } from 'vitest';
import { Dropping } from '../../services/operator/src/relay/drop-published.ts';
import { createTestDatabase } from '../support/database.ts';

const ROWS = 12;

function published(position: bigint, ceId: string): PublishedRecord {
  const record = { offset: position, timestampMs: 0, key: null, value: null, headers: [] };
  return { position, ceId, anchor: '', epoch: 0, record };
}

test.each([1, 5, 1_000])(
  'what two partitions published is taken out of what waits, %s ids at once',
  async (maxIds) => {
    await using database = await createTestDatabase();
    await using db = openDatabase({
      url: database.url,
      role: undefined,
      purpose: 'repair',
      poolSize: 1,
      applicationName: 'test-operator',
      onConnectionLost: () => undefined,
    });
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
    // Of partition 0 each third message, of partition 1 each second one; both reach back before what is common.
    const tails = [0, 1].map((partition) =>
      rows
        .filter(
          (row) => row.partition === partition && Number(row.position) % (3 - partition) === 0,
        )
        .map(({ position, id }) => published(position + 20n, id)),
    );
    const early = rows.filter(({ position }) => Number(position) === 11);
    for (const { partition, id } of early) tails[partition]?.unshift(published(4n, id));
    const lanes = [0, 1].map((partition) => {
      const { lane = -1 } = rows.find((row) => row.partition === partition) ?? {};
      return { partition, goal: { lane, after: 4n, to: 4n } };
    });

    const dropped = await db.session(async (session) => {
      const dropping = new Dropping(session, lanes, maxIds);
      await Promise.all(
        tails.map(async (records, partition) => {
          for (let at = 0; at < records.length; at += 2) {
            await dropping.take(partition, records.slice(at, at + 2));
          }
        }),
      );
      await dropping.flush();
      return dropping.dropped;
    });

    expect(dropped).toEqual(
      new Map([
        [0, 4],
        [1, 5],
      ]),
    );
    const left = await database.query<{ lane: number; positions: number[] }>(
      'select lane, array_agg(position::integer order by position) as positions from outbox group by lane order by lane',
    );
    expect(left.map(({ positions }) => positions)).toEqual([
      [1, 2, 3, 4, 5, 8, 10, 11],
      [1, 2, 3, 4, 5, 9, 11],
    ]);
  },
);
