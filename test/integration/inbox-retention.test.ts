import type { InputTopic } from '@latchkey/contracts';
import { type Batch, type RedriveContext, redrive } from '@latchkey/intake';
import {
  type Db,
  FORGET_MAX_ROWS,
  forgetClaims,
  openDatabase,
  readFirstContent,
} from '@latchkey/postgres';
import { Client } from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { employee, hrEvent, inDays, ivrEvent, type SentEvent } from '../support/events.ts';
import { type IntakeDesk, openIntakeDesk } from '../support/intake-desk.ts';

const DAY_MS = 86_400_000;
const RETENTION = { retentionDays: 30, marginSeconds: 5, afterMs: 0 };

let database: TestDatabase;
let desk: IntakeDesk;
let operator: Db;
beforeEach(async () => {
  database = await createTestDatabase();
  desk = await openIntakeDesk(database);
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
  await desk[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

function joined(person: string, department = 'Sales'): SentEvent {
  return hrEvent('joined', person, 1, {
    startsAt: inDays(-90),
    attributes: employee(department),
  });
}

function asked(verification: string, data: object = {}): SentEvent {
  return ivrEvent('requested', verification, { purpose: 'callback', ...data });
}

/** The next batch, as if the broker had stamped it so many days ago. */
function stamped(daysAgo: number, ...events: readonly SentEvent[]): Batch {
  const batch = desk.batchOf(events);
  const takenAtMs = Date.now() - daysAgo * DAY_MS;
  return {
    ...batch,
    deliveries: batch.deliveries.map((delivery) => ({ ...delivery, takenAtMs })),
  };
}

/** Claims that were made until now were made so many days ago. */
async function age(days: number): Promise<void> {
  await database.query('update inbox set received_at = received_at - make_interval(days => $1)', [
    days,
  ]);
}

async function forget(db: Db = desk.db): Promise<number> {
  const [answer] = await db.run(forgetClaims, RETENTION);
  return answer?.forgotten ?? -1;
}

async function retainedSince(): Promise<Date | null> {
  const [row] = await database.query<{ retained_since: Date | null }>(
    'select retained_since from inbox_retention',
  );
  return row?.retained_since ?? null;
}

async function letters(): Promise<readonly { id: string; code: string; state: string }[]> {
  return database.query('select id, code, state from dead_letter order by received_at, id');
}

function context(of: IntakeDesk = desk): RedriveContext {
  const inputOf = (topic: string): InputTopic =>
    topic.includes('verification') ? 'verification-events' : 'workforce-events';
  return { policy: of.policy, outputs: of.outputs, inputOf, operator: 'grace' };
}

test('what is older than the retention is forgotten, and nothing else', async () => {
  await desk.take([joined('a'), joined('b')]);
  await age(31);
  await desk.take([joined('c')]);
  const [last] = await database.query<{ at: Date }>(
    "select max(received_at) as at from inbox where received_at < now() - interval '30 days'",
  );

  expect(await forget()).toBe(2);

  expect(await database.query('select count(*)::int as n from inbox')).toEqual([{ n: 1 }]);
  expect(await retainedSince()).toEqual(new Date((last?.at.getTime() ?? 0) + 5_000));
});

test('while nothing is forgotten, the inbox remembers everything', async () => {
  await desk.take([joined('a')]);
  await age(29);
  expect(await forget()).toBe(0);
  expect(await retainedSince()).toBeNull();
});

test('how far back the inbox remembers never goes back', async () => {
  const before = new Date(Date.now() - 3 * DAY_MS);
  await database.query('update inbox_retention set retained_since = $1', [before]);
  await desk.take([joined('a')]);
  await age(31);
  expect(await forget()).toBe(1);
  expect(await retainedSince()).toEqual(before);
});

test('one that fails half-way has forgotten nothing', async () => {
  await desk.take([joined('a')]);
  await age(31);
  await database.query(`create function refuse() returns trigger language plpgsql as
    $$ begin raise exception 'refused'; end $$`);
  await database.query(
    'create trigger refuse before update on inbox_retention for each row execute function refuse()',
  );
  await expect(forget()).rejects.toThrow('refused');
  expect(await database.query('select count(*)::int as n from inbox')).toEqual([{ n: 1 }]);
  expect(await retainedSince()).toBeNull();
});

test('a fact that comes again after it was forgotten is a duplicate, other content a conflict', async () => {
  const event = joined('a');
  await desk.takeBatch(stamped(31, event));
  await age(31);
  await forget();
  expect(await desk.takeBatch(stamped(31, event))).toMatchObject({ counts: { duplicate: 1 } });
  const other = { ...event, data: joined('a', 'Finance').data };
  expect(await desk.takeBatch(stamped(31, other))).toMatchObject({ counts: { conflict: 1 } });
});

test('a fact that was never seen is taken, however old it is', async () => {
  await desk.takeBatch(stamped(40, joined('a')));
  await age(40);
  await forget();
  expect(await desk.takeBatch(stamped(50, joined('b')))).toMatchObject({ counts: { applied: 1 } });
});

test('a report that the broker stamped before the inbox remembers is a dead letter and claims nothing', async () => {
  const event = asked('v1', { expiresAt: inDays(9) });
  await desk.takeBatch(stamped(31, event));
  await age(31);
  await forget();

  expect(await desk.takeBatch(stamped(31, event))).toMatchObject({
    counts: { received: 1, deadLetter: 1 },
  });

  expect(await letters()).toMatchObject([{ code: 'TOO_OLD', state: 'open' }]);
  expect(await database.query('select from inbox')).toEqual([]);
  expect(await database.query('select from verification_callback')).toHaveLength(1);
  expect(await redrive(operator, (await letters())[0]?.id ?? '', context())).toMatchObject({
    kind: 'dead_letter',
    code: 'TOO_OLD',
  });
});

test('a report that was sent again after it was forgotten is a duplicate, other content a conflict', async () => {
  const event = asked('v1', { expiresAt: inDays(9) });
  await desk.takeBatch(stamped(31, event));
  await age(31);
  await forget();
  expect(await desk.take([event])).toMatchObject({ counts: { duplicate: 1 } });
  const other = { ...event, data: asked('v1', { expiresAt: inDays(8) }).data };
  expect(await desk.take([other])).toMatchObject({ counts: { conflict: 1 } });
  const [report] = await database.query('select count(*)::int as n from verification_callback');
  expect(report).toEqual({ n: 1 });
});

test('what is forgotten while a batch claims it is not applied again', async () => {
  const event = asked('v1', { expiresAt: inDays(9) });
  await desk.takeBatch(stamped(31, event));
  await age(31);
  // As if the report were one that leaves nothing behind.
  await database.query('delete from verification_callback');
  const janitor = new Client({ connectionString: database.url });
  await janitor.connect();
  await janitor.query('begin');
  await janitor.query('delete from inbox');
  await janitor.query(
    "update inbox_retention set retained_since = now() - interval '30 days' where only_row",
  );
  const batch = stamped(31, event);
  const taken = desk.takeBatch(batch).catch((error: unknown) => String(error));
  await expect
    .poll(() =>
      database.query(
        "select from pg_stat_activity where datname = $1 and wait_event_type = 'Lock'",
        [database.name],
      ),
    )
    .toHaveLength(1);
  await janitor.query('commit');
  await janitor.end();

  expect(await taken).toContain('has just forgotten');
  expect(await desk.takeBatch(batch)).toMatchObject({ counts: { deadLetter: 1 } });
  expect(await letters()).toMatchObject([{ code: 'TOO_OLD' }]);
});

test('a dead letter stays redrivable after its claim was forgotten, and is applied once', async () => {
  const event = joined('poison');
  await database.query(`create function refuse() returns trigger language plpgsql as
    $$ begin raise exception 'poison' using errcode = '22003'; end $$`);
  await database.query(
    'create trigger refuse before insert on engagement for each row execute function refuse()',
  );
  await desk.takeOrIsolate(stamped(31, event), { inARow: 0 });
  await database.query('drop trigger refuse on engagement');
  await age(31);
  expect(await forget()).toBe(1);
  const [letter] = await letters();
  expect(letter).toMatchObject({ code: 'APPLY_FAILED', state: 'open' });

  const both = await Promise.all([
    redrive(operator, letter?.id ?? '', context()),
    redrive(operator, letter?.id ?? '', context()),
  ]);

  expect(both.map(({ kind }) => kind).toSorted()).toEqual(['applied', 'not_open']);
  expect(await database.query('select from fact')).toHaveLength(1);
});

test('a claim that is forgotten while its dead letter is redriven does not swallow it', async () => {
  const broken = joined('poison');
  await database.query(`create function refuse() returns trigger language plpgsql as
    $$ begin raise exception 'poison' using errcode = '22003'; end $$`);
  await database.query(
    'create trigger refuse before insert on engagement for each row execute function refuse()',
  );
  await desk.takeOrIsolate(stamped(31, broken), { inARow: 0 });
  await database.query('drop trigger refuse on engagement');
  await age(31);
  const [letter] = await letters();
  // The janitor comes by right after redrive has seen that the id was claimed.
  const interrupted: Db = {
    ...operator,
    transaction: (work) =>
      operator.transaction((tx) =>
        work({
          ...tx,
          run: async (statement, parameters) => {
            const rows = await tx.run(statement, parameters);
            if (statement.name === 'list_claims') await forget();
            return rows;
          },
        }),
      ),
  };
  expect(await redrive(interrupted, letter?.id ?? '', context())).toEqual({ kind: 'applied' });
  expect(await database.query('select from fact')).toHaveLength(1);
});

test('a janitor beside batches and redeliveries: nothing is applied twice, nothing is lost', async () => {
  const events = Array.from({ length: 60 }, (_, index) =>
    index % 2 === 0 ? joined(`p${index}`) : asked(`v${index}`, { expiresAt: inDays(9) }),
  );
  const records = events.filter((_, index) => index % 2 === 0);
  const reports = events.filter((_, index) => index % 2 === 1);
  for (const part of [records, reports]) await desk.takeBatch(stamped(31, ...part));
  const rounds = 12;
  const stop = new AbortController();
  const janitors = [0, 1].map(async () => {
    while (!stop.signal.aborted) {
      await age(31);
      await forget();
    }
  });
  for (let round = 0; round < rounds; round += 1) {
    await Promise.all([takeInTheEnd(stamped(0, ...records)), takeInTheEnd(stamped(0, ...reports))]);
  }
  stop.abort();
  await Promise.all(janitors);

  const [counts] = await database.query(
    'select sum(received)::int as received, sum(applied)::int as applied, sum(duplicate)::int as duplicate from intake_progress',
  );
  expect(counts).toEqual({ received: 60 * (rounds + 1), applied: 60, duplicate: 60 * rounds });
  expect(await database.query('select from fact')).toHaveLength(30);
  expect(await database.query('select from verification_callback')).toHaveLength(30);
  expect(await database.query("select from audit_entry where trigger = 'event'")).toHaveLength(60);
});

/** As the reconciler does: what is not the data's fault is tried again. */
async function takeInTheEnd(batch: Batch): Promise<void> {
  await expect
    .poll(async () => {
      try {
        return (await desk.takeBatch(batch)).kind;
      } catch (error) {
        return String(error);
      }
    })
    .toBe('taken');
}

test('two janitors at once: each claim is forgotten by one', async () => {
  await database.query(
    `insert into inbox (event_id, fingerprint, received_at)
     select 'urn:x#' || n, sha256(n::text::bytea), now() - interval '31 days'
     from generate_series(1, 1500) as n`,
  );
  const drain = async (): Promise<number> => (await forget()) + (await forget());
  const both = await Promise.all([drain(), drain()]);
  // One may have found the other at it.
  expect(both[0] + both[1] + (await forget())).toBe(1_500);
  expect(await database.query('select from inbox')).toEqual([]);
});

test('a batch of the janitor reads what it forgets, and not the inbox', async () => {
  const rows = 200_000;
  await database.query(
    `insert into inbox (event_id, fingerprint, received_at)
     select 'urn:x#' || n, sha256(n::text::bytea), now() - make_interval(secs => 60 * n)
     from generate_series(1, ${rows}) as n`,
  );
  await database.query('vacuum analyze inbox');
  await database.query('select pg_stat_reset()');
  {
    await using own = await openIntakeDesk(database);
    expect(await forget(own.db)).toBe(FORGET_MAX_ROWS);
  }
  const reads = async (): Promise<Record<string, number> | undefined> => {
    const [row] = await database.query<Record<string, number>>(
      `select sum(seq_tup_read)::float8 as scanned, sum(idx_tup_fetch)::float8 as fetched,
         sum(n_tup_del)::float8 as deleted
       from pg_stat_user_tables where relname like 'inbox\\__' or relname like 'inbox\\___'`,
    );
    return row;
  };
  // The statistics of a session are complete when it has ended.
  await expect.poll(async () => (await reads())?.['deleted']).toBe(FORGET_MAX_ROWS);
  const found = await reads();
  expect(found?.['scanned']).toBe(0);
  // Each is found by age, locked, and looked up by its id.
  expect(found?.['fetched']).toBeLessThanOrEqual(3 * FORGET_MAX_ROWS + 32);
});

test('what counted for a conflict is shown after it was forgotten', async () => {
  const event = joined('a');
  await desk.takeBatch(stamped(31, event));
  await age(31);
  await forget();
  const [first] = await operator.run(readFirstContent, {
    eventId: `${event.source}#${event.id}`,
  });
  expect(first).toMatchObject({ disposition: null, body: JSON.stringify(event.data) });
});
