import { type InputTopic, textHash } from '@latchkey/contracts';
import { type RedriveContext, reconcileDue, redrive } from '@latchkey/intake';
import { openDatabase } from '@latchkey/postgres';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { employee, hrEvent, inDays, ivrEvent } from '../support/events.ts';
import { type IntakeHarness, openIntakeHarness } from '../support/intake-harness.ts';
import { makeDue } from '../support/sample-events.ts';

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

const REASON = 'lost laptop of Ada Lovelace';

function joined(person: string, startsAt = inDays(-9)) {
  return hrEvent('joined', person, 1, { startsAt, attributes: employee('Sales') });
}

/** Decisions of the entries of one event. */
async function decisionsOf(id: string): Promise<readonly Record<string, unknown>[]> {
  const rows = await database.query<{ decisions: string }>(
    "select decisions from audit_entry where event_id like '%#' || $1 order by audit_id",
    [id],
  );
  return rows.flatMap(({ decisions }) => JSON.parse(decisions) as Record<string, unknown>[]);
}

async function subjectOf(id: string): Promise<string> {
  const [row] = await database.query<{ subject_id: string }>(
    "select subject_id from audit_entry where event_id like '%#' || $1",
    [id],
  );
  return row?.subject_id ?? '';
}

async function texts(): Promise<readonly Record<string, unknown>[]> {
  return database.query(
    `select encode(hash, 'hex') as hash, subject_id, text from audit_text order by text`,
  );
}

test('the reason of an event stands apart from the trail, under its hash', async () => {
  const left = hrEvent('left', 'ada', 2, { endsAt: inDays(9), reason: REASON }, { id: 'left' });
  await harness.process([joined('ada'), left]);
  const subject = await subjectOf('left');
  const hash = textHash(subject, REASON);
  expect(await decisionsOf('left')).toContainEqual(
    expect.objectContaining({ kind: 'fact', fact: 'left', reasonHash: hash }),
  );
  expect(await texts()).toEqual([{ hash, subject_id: subject, text: REASON }]);
  const trail = await database.query<{ line: string }>(
    'select audit_entry::text as line from audit_entry',
  );
  expect(trail.map(({ line }) => line).join()).not.toContain(REASON);
});

test('the same reason of two people has two texts; the same event again adds none', async () => {
  const leavers = ['ada', 'bea'].map((person) =>
    hrEvent('left', person, 2, { endsAt: inDays(9), reason: REASON }, { id: `left-${person}` }),
  );
  await harness.process([joined('ada'), joined('bea'), ...leavers]);
  await harness.process(leavers);
  expect((await texts()).map(({ text }) => text)).toEqual([REASON, REASON]);
});

test('a member called reason is no reason where the contract names none', async () => {
  const data = { startsAt: inDays(-9), attributes: employee('Sales'), reason: REASON };
  const hire = hrEvent('joined', 'ada', 1, data);
  await harness.process([hire]);
  expect(await texts()).toEqual([]);
  expect(await decisionsOf(hire.id)).toContainEqual({
    kind: 'fact',
    fact: 'joined',
    disposition: 'applied',
  });
});

test('an event without a reason has no text, and a report with one has', async () => {
  const asked = ivrEvent('requested', 'v1', { purpose: 'callback' });
  const cancelled = ivrEvent('cancelled', 'v1', { reason: REASON });
  await harness.process([joined('ada')]);
  await harness.process([asked, cancelled]);
  const hash = textHash('v1', REASON);
  expect(await texts()).toEqual([{ hash, subject_id: 'v1', text: REASON }]);
  expect(await decisionsOf(cancelled.id)).toContainEqual(
    expect.objectContaining({ kind: 'report', reasonHash: hash }),
  );
});

test('entries and reports name the origin of the delivery, and the clock has none', async () => {
  await harness.process([ivrEvent('requested', 'v1', { purpose: 'callback' })]);
  await harness.process([joined('first'), joined('ada', inDays(9))]);
  await makeDue(database, ['ada'], 'first');
  await reconcileDue(harness);
  const agency = hrEvent(
    'joined',
    'bea',
    1,
    { startsAt: inDays(-9), attributes: employee('Sales') },
    { source: 'urn:example:agency', id: 'redriven' },
  );
  await harness.process([agency]);
  await using later = await openIntakeHarness(database, (yaml) =>
    yaml.replaceAll('urn:example:contractors', 'urn:example:agency'),
  );
  await using db = openDatabase({
    url: database.url,
    role: 'latchkey_operator',
    purpose: 'command',
    poolSize: 2,
    applicationName: 'test-audit-evidence',
    onConnectionLost: () => undefined,
  });
  const inputOf = (): InputTopic => 'workforce-events';
  const context: RedriveContext = { ...later.context, db, inputOf, operator: 'grace' };
  const [letter] = await database.query<{ id: string }>('select id from dead_letter');
  expect(await redrive(context, letter?.id ?? '')).toEqual({ kind: 'applied' });

  const origins = await database.query<{ trigger: string; origin: string | null }>(
    'select distinct trigger, origin from audit_entry order by trigger, origin',
  );
  expect(origins).toEqual([
    { trigger: 'clock', origin: null },
    { trigger: 'event', origin: 'kafka' },
    { trigger: 'event', origin: 'operator' },
    { trigger: 'operator', origin: null },
  ]);
  expect(await database.query('select origin from verification')).toEqual([{ origin: 'kafka' }]);
  expect(
    await database.query(
      'select callback_id = event_id as same, origin from verification_callback',
    ),
  ).toEqual([{ same: true, origin: 'kafka' }]);
});
