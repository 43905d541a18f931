import {
  appendOutbox,
  type Db,
  encodeMoves,
  ensureLanes,
  listRelayLanes,
  markMoving,
  openDatabase,
} from '@latchkey/postgres';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { dropKnown, moveLane } from '../../packages/repair/src/move/move-lane.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { nameOf, type Query, wrappedClient } from '../support/wrapped-client.ts';

const ROWS = 12_000;

let database: TestDatabase;
let lane = 0;
let opened: AsyncDisposableStack;
beforeEach(async () => {
  opened = new AsyncDisposableStack();
  database = opened.use(await createTestDatabase());
  await open('latchkey_relay').run(ensureLanes, { topic: 'one', partitions: 1 });
  const [row] = await database.query<{ lane: number }>('select lane from outbox_lane');
  lane = row?.lane ?? -1;
});
afterEach(() => opened[Symbol.asyncDispose]());

function open(
  role: 'latchkey_relay' | 'latchkey_operator' | 'latchkey_reconciler',
  wrap: (query: Query) => Query = (query) => query,
): Db {
  return opened.use(
    openDatabase({
      url: database.url,
      role,
      purpose: role === 'latchkey_operator' ? 'repair' : 'service',
      poolSize: 1,
      applicationName: 'test-operator',
      onConnectionLost: () => undefined,
      Client: wrappedClient(wrap),
    }),
  );
}

/** Numbered messages after a position, with a gap at each position that `every` divides. */
async function fill(after: number, rows: number, every: number, bytes = 10): Promise<void> {
  await database.query(
    `insert into outbox (lane, position, ce_id, key, headers, payload, generation)
     select $1, n + $2, gen_random_uuid(), 'k', '{}',
       json_build_object('n', n, 'filling', repeat('x', $5)), 1
     from generate_series(1, $3::integer) as n where n % $4 <> 0`,
    [lane, after, rows, every, bytes],
  );
}

/** Whether positions are contiguous from a position on, and messages in order; and the count of messages. */
async function shape(): Promise<object | undefined> {
  const [row] = await database.query<{ first: number; last: number; rows: number; said: boolean }>(`
    select min(position)::integer as first, max(position)::integer as last, count(*)::integer as rows,
      coalesce(bool_and(n > before), true) as "inOrder"
    from (
      select position, (payload::json ->> 'n')::integer as n,
        lag((payload::json ->> 'n')::integer, 1, 0) over (order by position) as before
      from outbox
    ) as message`);
  return row;
}

function message(n: number) {
  const payload = JSON.stringify({ n });
  return { lane, ceId: crypto.randomUUID(), key: 'k', headers: {}, payload, generation: 1n };
}

/** Fails before the statement that moves the next piece, after this many pieces. */
function killedAfter(pieces: number): (query: Query) => Query {
  let left = pieces;
  return (query) => (config, values) => {
    if (/^move_(up|down)$/.test(nameOf(config))) {
      if (left === 0) return Promise.reject(new Error('killed'));
      left -= 1;
    }
    return query(config, values);
  };
}

test.each([
  ['up', 7_000_000, 500],
  ['up, where gaps are closed', 5, 900],
  ['down', 7_000_000, 0],
  ['up in front, down behind', 7, 60],
])(
  'messages move %s in pieces, and a run that ended after any piece is continued',
  async (_, every, up) => {
    await fill(3, ROWS, every);
    const goal = { lane, after: 3n, to: BigInt(3 + up) };
    if (every === 7_000_000 && up === 0)
      await database.query('delete from outbox where position < 30');
    const before = await shape();
    let runs = 0;

    for (let isDone = false; !isDone; runs += 1) {
      const operator = open('latchkey_operator', killedAfter(1));
      isDone = await operator
        .session((session) => moveLane(session, goal))
        .then(
          () => true,
          () => false,
        );
      const rows = (before as { rows: number }).rows;
      expect(await shape()).toMatchObject({ rows, inOrder: true });
    }

    expect(runs).toBeGreaterThan(2);
    const { rows } = before as { rows: number };
    const placed = { first: 3 + up + 1, last: 3 + up + rows, rows, inOrder: true };
    expect(await shape()).toEqual(placed);
    // Once more, nothing is moved.
    expect(await open('latchkey_operator').session((session) => moveLane(session, goal))).toBe(0);
  },
);

test.each([500, 0])(
  'messages appended meanwhile are placed after the moved ones, %s positions up',
  async (up) => {
    await fill(3, ROWS, 9);
    const goal = { lane, after: 3n, to: BigInt(3 + up) };
    const reconciler = open('latchkey_reconciler');
    let n = ROWS;
    const moved = new AbortController();
    const appending = (async () => {
      while (!moved.signal.aborted) {
        await reconciler.transaction((tx) => {
          appendOutbox(tx, [message(n + 1), message(n + 2)]);
          return Promise.resolve();
        });
        n += 2;
      }
    })();

    const operator = open('latchkey_operator');
    await operator
      .session((session) => moveLane(session, goal))
      .finally(() => {
        moved.abort();
      });
    await appending;
    await operator.session((session) => moveLane(session, goal));

    expect(n).toBeGreaterThan(ROWS);
    const rows = n - Math.floor(ROWS / 9);
    expect(await shape()).toEqual({ first: 4 + up, last: 3 + up + rows, rows, inOrder: true });
  },
);

test('a piece is bounded by bytes, too, and messages of any size keep their content', async () => {
  await fill(0, 45, 100, 890_000);
  const moved: number[] = [];
  const operator = open('latchkey_operator', (query) => async (config, values) => {
    const answer = (await query(config, values)) as { rows: { moved: number }[] };
    if (nameOf(config) === 'move_up') moved.push(answer.rows[0]?.moved ?? 0);
    return answer;
  });

  await operator.session((session) => moveLane(session, { lane, after: 0n, to: 20n }));

  expect(moved).toEqual([18, 18, 9]);
  expect(await shape()).toEqual({ first: 21, last: 65, rows: 45, inOrder: true });
  const lengths = 'select min(length(payload)) as least, max(length(payload)) as most from outbox';
  expect(await database.query(lengths)).toEqual([{ least: 890_025, most: 890_026 }]);
});

test('published messages and placeholders are deleted at any position', async () => {
  await fill(3, 20_500, 30_000);
  await database.query('update outbox set generation = 0 where position = 7');
  const published = await database.query<{ id: string }>(
    'select ce_id::text as id from outbox where position in (3, 4, 10, 20503)',
  );
  const ids = new Set([...published.map(({ id }) => id), crypto.randomUUID()]);
  const goal = { lane, after: 4n, to: 4n };

  const drop = () => open('latchkey_operator').session((session) => dropKnown(session, goal, ids));

  expect(await drop()).toBe(3);
  expect(await drop()).toBe(0);
  const gone = await database.query<{ at: number }>(`
    select at from generate_series(4, 20503) as at
    where not exists (select from outbox where position = at) order by at`);
  expect(gone.map(({ at }) => at)).toEqual([7, 10, 20_503]);
});

test('a mark is read with its lane', async () => {
  const operator = open('latchkey_operator');
  await operator.run(markMoving, encodeMoves([{ lane, position: 12n }]));
  await operator.run(markMoving, encodeMoves([{ lane, position: 7n }]));

  expect(await operator.run(listRelayLanes, { topic: 'one' })).toMatchObject([
    { mendingAfter: 7n, publishedThrough: 0n },
  ]);
});
