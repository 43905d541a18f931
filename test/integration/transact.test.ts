import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DeliveryOutcome } from '../../packages/intake/src/steps/outcome.ts';
import { type Process, processAsRequest, processTogether } from '../support/arrivals.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { employee, hrEvent, inDays, ivrEvent, type SentEvent } from '../support/events.ts';
import { eventually } from '../support/eventually.ts';
import { type IntakeHarness, openIntakeHarness } from '../support/intake-harness.ts';
import {
  asked,
  broken,
  joined,
  moved,
  opened,
  otherContent,
  verdict,
} from '../support/sample-events.ts';

interface Way {
  readonly name: string;
  readonly process: Process;
  /** The transactions that process these events. */
  readonly transactionsOf: (events: readonly SentEvent[]) => readonly (readonly SentEvent[])[];
}

const WAYS: readonly Way[] = [
  { name: 'transact', process: processTogether, transactionsOf: (events) => [events] },
  {
    name: 'processRequest',
    process: processAsRequest,
    transactionsOf: (events) => events.map((event) => [event]),
  },
];

let database: TestDatabase;
let harness: IntakeHarness;
beforeEach(async () => {
  database = await createTestDatabase();
  harness = await openIntakeHarness(database);
});
afterEach(async () => {
  await harness[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const PENDING = '{"disposition":"accepted","finalState":"pending"}';

/** A verification that is settled, and a report that comes after that. */
function call(verification: string): readonly SentEvent[] {
  return [
    asked(verification),
    opened(verification),
    verdict(verification, 'verified'),
    verdict(verification, 'rejected'),
  ];
}

function brokenReport(verification: string): SentEvent {
  return ivrEvent('requested', verification, { purpose: 7 });
}

function shortOf({ disposition, answer, failure }: DeliveryOutcome): readonly unknown[] {
  return [disposition, answer, failure?.code];
}

/** The number of rows that intake has written. */
function written(): Promise<unknown> {
  return database.query(`
    select (select count(*) from inbox) + (select count(*) from fact)
      + (select count(*) from verification) + (select count(*) from verification_callback)
      + (select count(*) from identity) + (select count(*) from correlation_key)
      + (select count(*) from dead_letter) + (select count(*) from conflict)
      + (select count(*) from audit_entry) + (select count(*) from outbox) as rows`);
}

function waitingSessions(): Promise<readonly unknown[]> {
  return database.query(`
    select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`);
}

describe.each(WAYS)('$name', ({ process, transactionsOf }) => {
  const run = async (events: readonly SentEvent[]): Promise<readonly DeliveryOutcome[]> => {
    const all: DeliveryOutcome[] = [];
    for (const some of transactionsOf(events)) {
      all.push(...(await harness.db.transaction((tx) => process(harness, tx, some))));
    }
    return all;
  };

  test('there is one outcome for each report, in their order', async () => {
    const [before, now, refused] = [asked('v1'), asked('v2'), brokenReport('v3')];
    await run([before]);

    const outcomes = await run([
      otherContent(before),
      now,
      refused,
      before,
      now,
      otherContent(now),
      refused,
      asked('v4'),
    ]);

    expect(outcomes.map(shortOf)).toEqual([
      ['conflict', undefined, undefined],
      ['applied', PENDING, undefined],
      ['dead_letter', undefined, 'CONTRACT_BROKEN'],
      ['duplicate', PENDING, undefined],
      ['duplicate', PENDING, undefined],
      ['conflict', undefined, undefined],
      ['duplicate', undefined, undefined],
      ['applied', PENDING, undefined],
    ]);
  });

  test('there is one outcome for each fact, in their order', async () => {
    const known = hrEvent('joined', 'a', 5, {
      startsAt: inDays(-9),
      attributes: employee('Sales'),
    });
    const older = hrEvent('moved', 'a', 2, {
      effectiveAt: inDays(-8),
      attributes: employee('Sales'),
    });
    const [now, refused] = [joined('b'), broken('c')];
    await run([known]);

    const outcomes = await run([
      known,
      older,
      otherContent(known),
      now,
      refused,
      now,
      otherContent(now),
      refused,
      moved('b'),
    ]);

    expect(outcomes.map(({ disposition, failure }) => [disposition, failure?.code])).toEqual([
      ['duplicate', undefined],
      ['stale', undefined],
      ['conflict', undefined],
      ['applied', undefined],
      ['dead_letter', 'CONTRACT_BROKEN'],
      ['duplicate', undefined],
      ['conflict', undefined],
      ['duplicate', undefined],
      ['applied', undefined],
    ]);
  });

  test('a repeated report gets the answer of the first delivery, byte for byte', async () => {
    const events = call('v1');
    const answers = (await run(events)).map(({ answer }) => answer);
    expect(answers).toEqual([
      PENDING,
      '{"disposition":"accepted","finalState":"open"}',
      '{"disposition":"accepted","finalState":"verified"}',
      '{"disposition":"contradictory","finalState":"verified"}',
    ]);

    const again = await run(events);
    await database.query('delete from inbox');
    const forgotten = await run(events);

    expect(again.map(shortOf)).toEqual(answers.map((answer) => ['duplicate', answer, undefined]));
    expect(forgotten).toEqual(again);
  });

  test('the answer of a report without a final state has none', async () => {
    const event = asked('v1');
    await run([event]);
    await database.query('update verification_callback set final_state = null');

    const [again] = await run([event]);
    await database.query('delete from inbox');
    const [forgotten] = await run([event]);

    expect(again?.answer).toBe(JSON.stringify({ disposition: 'accepted', finalState: undefined }));
    expect(forgotten).toEqual(again);
  });

  test('a session that is killed before COMMIT leaves nothing, and the next call has the same outcomes', async () => {
    const steps = call('v1').slice(0, 2);
    await run(steps);
    const [events = []] = transactionsOf([verdict('v1', 'verified'), brokenReport('v2'), ...steps]);
    const rows = await written();
    let before: readonly DeliveryOutcome[] = [];
    // Another session locks all lanes, so that the transaction waits right before its COMMIT.
    const locker = new Client({ connectionString: database.url });
    await locker.connect();
    await locker.query('select pg_advisory_lock(19531, lane) from outbox_lane order by lane');

    const dying = harness.db.transaction(async (tx) => {
      before = await process(harness, tx, events);
    });
    dying.catch(() => undefined);
    const terminated = (): Promise<unknown[]> =>
      database.query(`select pg_terminate_backend(pid) from pg_locks
        where locktype = 'advisory' and classid = 19531 and not granted
          and database = (select oid from pg_database where datname = current_database())`);
    await eventually('it waits', terminated, ({ length }) => length > 0);
    await expect(dying).rejects.toThrow();
    await locker.end();

    expect(before).toHaveLength(events.length);
    expect(await written()).toEqual(rows);
    expect(await run(events)).toEqual(before);
  });

  test('of two transactions with the same report, the second waits and gets the answer of the first', async () => {
    const event = asked('v1');
    let second: Promise<readonly DeliveryOutcome[]> | undefined;
    const first = await harness.db.transaction(async (tx) => {
      const outcomes = await process(harness, tx, [event]);
      second = run([event, otherContent(event)]);
      await eventually('the second waits', waitingSessions, ({ length }) => length > 0);
      return outcomes;
    });

    expect(first.map(shortOf)).toEqual([['applied', PENDING, undefined]]);
    expect((await second)?.map(shortOf)).toEqual([
      ['duplicate', PENDING, undefined],
      ['conflict', undefined, undefined],
    ]);
    expect(await database.query('select event_id from verification_callback')).toHaveLength(1);
  });

  test('if the first of two transactions is rolled back, the second applies the report', async () => {
    const event = asked('v1');
    let second: Promise<readonly DeliveryOutcome[]> | undefined;
    const first = harness.db.transaction(async (tx) => {
      await process(harness, tx, [event]);
      second = run([event]);
      await eventually('the second waits', waitingSessions, ({ length }) => length > 0);
      throw new Error('rolled back');
    });

    await expect(first).rejects.toThrow('rolled back');
    expect((await second)?.map(shortOf)).toEqual([['applied', PENDING, undefined]]);
  });
});

/** As if the inbox had forgotten every claim up to an hour from now. */
async function forget(): Promise<void> {
  await database.query(
    "update inbox_retention set retained_since = clock_timestamp() + interval '1 hour'",
  );
}

test('a request that the inbox may have forgotten is a dead letter, and claims nothing', async () => {
  await forget();

  const outcomes = await harness.db.transaction((tx) =>
    processAsRequest(harness, tx, [asked('v1')]),
  );

  expect(outcomes.map(shortOf)).toEqual([['dead_letter', undefined, 'TOO_OLD']]);
  expect(await database.query('select event_id from inbox')).toEqual([]);
});

test('a transaction during which the inbox forgets is refused, and nothing is written', async () => {
  const before = await written();
  await forget();

  // These arrivals were read before.
  const processed = harness.db.transaction((tx) => processTogether(harness, tx, [asked('v1')]));

  await expect(processed).rejects.toThrow('has just forgotten');
  expect(await written()).toEqual(before);
});
