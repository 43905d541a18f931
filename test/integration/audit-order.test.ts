import { type Db, openDatabase, sequenceAudit } from '@latchkey/postgres';
import fc from 'fast-check';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { appendEntries, end, openAppender } from '../support/audit-trail.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
let reconciler: Db;
beforeAll(async () => {
  database = await createTestDatabase();
  reconciler = openDatabase({
    url: database.url,
    role: 'latchkey_reconciler',
    poolSize: 4,
    applicationName: 'test-audit-order',
    onConnectionLost: () => undefined,
  });
});
afterAll(async () => {
  await reconciler[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await database.query(
    `delete from audit_order; delete from audit_entry;
     update audit_sequencer set next_position = 1, settled_through_id = 0,
       pending_through_id = null, pending_before_xid = null`,
  );
});

const appended = (...subjects: readonly string[]): Promise<void> =>
  reconciler.transaction((tx) => {
    appendEntries(tx, subjects);
    return Promise.resolve();
  });

const pass = (max?: number): Promise<number> =>
  reconciler.transaction((tx) => sequenceAudit(tx, max));

/** Subjects in the order of the trail. */
async function trail(): Promise<readonly string[]> {
  const rows = await database.query<{ subject_id: string; position: string }>(
    `select subject_id, position + (audit_id - first_audit_id) as position
     from audit_order join audit_entry on audit_id between first_audit_id and last_audit_id
     order by position`,
  );
  expect(rows.map(({ position }) => Number(position))).toEqual(rows.map((_, n) => n + 1));
  return rows.map((row) => row.subject_id);
}

interface SequencerState {
  readonly settled: number;
  readonly pending: number | null;
  readonly lastId: number;
}

async function state(): Promise<SequencerState | undefined> {
  const [row] = await database.query<{ [K in keyof SequencerState]: number | null } & object>(
    `select settled_through_id::integer as settled, pending_through_id::integer as pending,
       (select last_value::integer from audit_entry_audit_id_seq) as "lastId" from audit_sequencer`,
  );
  return row as SequencerState | undefined;
}

/** Passes until the whole trail is settled: transactions of other databases on the server may delay it. */
async function untilSettled(): Promise<void> {
  await expect
    .poll(
      async () => {
        await pass();
        const now = await state();
        return now?.pending === null && now.settled === now.lastId;
      },
      { timeout: 60_000 },
    )
    .toBe(true);
}

test('entries receive positions in the order of their ids, in one range that grows', async () => {
  await appended('a', 'b');
  await untilSettled();
  await appended('c');
  await untilSettled();
  expect(await trail()).toEqual(['a', 'b', 'c']);
  expect(await database.query('select from audit_order')).toHaveLength(1);
});

test('a pass orders so many at most, and the next one continues', async () => {
  await appended('a', 'b', 'c');
  const counts: number[] = [];
  await expect
    .poll(async () => {
      counts.push(await pass(2));
      return counts.filter((count) => count > 0);
    })
    .toEqual([2, 1]);
  expect(await trail()).toEqual(['a', 'b', 'c']);
});

test('an entry with a small id that commits late is in its place; nothing behind it is ordered before', async () => {
  await appended('first');
  await untilSettled();
  const late = await openAppender(database, 'late');
  await appended('a');
  for (let passes = 0; passes < 3; passes += 1) expect(await pass()).toBe(0);
  await appended('b');
  expect(await pass()).toBe(0);
  expect(await trail()).toEqual(['first']);
  await end(late, 'commit');
  await untilSettled();
  expect(await trail()).toEqual(['first', 'late', 'a', 'b']);
});

test('entries that were rolled back have no position, and leave a gap of ids only', async () => {
  const rolledBack = await openAppender(database, 'rolled back');
  await appended('a');
  await pass();
  await end(rolledBack, 'rollback');
  await appended('b');
  await untilSettled();
  expect(await trail()).toEqual(['a', 'b']);
});

test('passes under an open transaction write nothing after the first, and read nothing again', async () => {
  await appended('a');
  const late = await openAppender(database, 'late');
  await appended('b');
  await pass();
  const [before] = await database.query('select xmin from audit_sequencer');
  for (let passes = 0; passes < 3; passes += 1) expect(await pass()).toBe(0);
  expect(await database.query('select xmin from audit_sequencer')).toEqual([before]);
  expect(await database.query('select from audit_order')).toHaveLength(0);
  await end(late, 'commit');
  await untilSettled();
  expect(await trail()).toEqual(['a', 'late', 'b']);
});

test('nothing is locked or written where nothing is new', async () => {
  await appended('a');
  await untilSettled();
  for (let passes = 0; passes < 3; passes += 1) expect(await pass()).toBe(0);
  const locks = await reconciler.transaction(async (tx) => {
    await sequenceAudit(tx);
    return database.query(
      "select from pg_locks where relation = 'audit_sequencer'::regclass and mode = 'RowShareLock'",
    );
  });
  expect(locks).toEqual([]);
});

test('a history is ordered pass by pass', async () => {
  await appended(...Array.from({ length: 25 }, (_, n) => `s${n}`));
  const counts: number[] = [];
  await expect
    .poll(async () => {
      counts.push(await pass(10));
      return counts.filter((count) => count > 0);
    })
    .toEqual([10, 10, 5]);
  expect(await trail()).toHaveLength(25);
});

test('one process sequences at a time, and one that is killed half-way has done nothing', async () => {
  await appended('a');
  const first = new Client({ connectionString: database.url });
  first.on('error', () => undefined);
  await first.connect();
  await first.query('begin');
  await first.query('select from audit_sequencer for update');
  await first.query('insert into audit_order values (1, 1, 1)');
  expect(await pass()).toBe(0);
  await database.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()
       and state = 'idle in transaction'`,
  );
  await untilSettled();
  expect(await trail()).toEqual(['a']);
});

test('a transaction id of another server, from a restored dump, settles nothing and delays nothing', async () => {
  await appended('a');
  await pass();
  await database.query("update audit_sequencer set pending_before_xid = '9000000000000'");
  await untilSettled();
});

test('dropped entries keep their positions, and later ones are ordered', async () => {
  await appended('a', 'gone', 'b');
  await untilSettled();
  await database.query("delete from audit_entry where subject_id = 'gone'");
  await appended('c');
  await untilSettled();
  const rows = await database.query<{ last: number }>(
    'select max(position + last_audit_id - first_audit_id)::integer as last from audit_order',
  );
  expect(rows).toEqual([{ last: 4 }]);
});

test('an entry has a transaction id before it has its audit id', async () => {
  await appended('a');
  const statement = await database.query<{ plan: string }>(
    `explain (costs off) insert into audit_entry
       (decided_at, subject_kind, subject_id, trigger, decider, owner, decisions)
     select now(), 'identity', subject, 'event', 'policy:x', 'iam', '[]'
     from unnest(array['a']) with ordinality as entry (subject, ordinal)
     where pg_current_xact_id() is not null order by ordinal`,
  );
  const plan = statement.map((row) => Object.values(row).join('')).join('\n');
  expect(plan).toContain('One-Time Filter: (pg_current_xact_id() IS NOT NULL)');
});

test('entries of one subject are in the order of their commits, with concurrent appenders and sequencers', async () => {
  const work = fc.array(
    fc.record({
      subjects: fc.subarray(['a', 'b', 'c'], { minLength: 1 }),
      ends: fc.constantFrom('commit', 'commit', 'rollback'),
      pauseMs: fc.integer({ min: 0, max: 3 }),
    }),
    { minLength: 5, maxLength: 25 },
  );
  let run = 0;
  await fc.assert(
    fc.asyncProperty(work, async (steps) => {
      run += 1;
      const own = (subject: string): string => `${run} ${subject}`;
      const committed = new Map<string, string[]>();
      const appender = async ({ subjects, ends, pauseMs }: (typeof steps)[number], n: number) => {
        const client = new Client({ connectionString: database.url });
        await client.connect();
        await client.query('begin');
        for (const subject of subjects) {
          await client.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [subject]);
        }
        await client.query(
          `insert into audit_entry (decided_at, subject_kind, subject_id, trigger, event_id, decider, owner, decisions)
           select now(), 'identity', subject, 'event', $2, 'policy:x', 'iam', '[]'
           from unnest($1::text[]) as subject where pg_current_xact_id() is not null`,
          [subjects.map(own), String(n)],
        );
        await client.query('select pg_sleep($1)', [pauseMs / 1000]);
        // Under the locks of its subjects: in the order of the commits.
        if (ends === 'commit') {
          for (const subject of subjects) {
            committed.set(own(subject), [...(committed.get(own(subject)) ?? []), String(n)]);
          }
        }
        await client.query(ends);
        await client.end();
      };
      let isDone = false;
      const sequencer = async (): Promise<void> => {
        while (!isDone) await pass(3);
      };
      const sequencers = [sequencer(), sequencer()];
      const lanes = [0, 1, 2, 3].map(async (lane) => {
        for (const [n, step] of steps.entries()) if (n % 4 === lane) await appender(step, n);
      });
      await Promise.all(lanes);
      isDone = true;
      await Promise.all(sequencers);
      await untilSettled();
      await trail();
      for (const [subject, events] of committed) {
        const rows = await database.query<{ event_id: string }>(
          `select event_id from audit_entry
           join audit_order on audit_id between first_audit_id and last_audit_id
           where subject_id = $1 order by position + audit_id - first_audit_id`,
          [subject],
        );
        expect(rows.map((row) => row.event_id)).toEqual(events);
      }
    }),
    { numRuns: 8 },
  );
}, 60_000);
