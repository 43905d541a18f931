import { identityIdOf } from '@latchkey/contracts';
import { createMetrics } from '@latchkey/runtime';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pruningTask } from '../../services/reconciler/src/prune-facts.ts';
import type { TestDatabase } from '../support/database.ts';
import { employee, HR, hrEvent, inDays, SECURITY } from '../support/events.ts';
import {
  ageFacts,
  joined,
  LARGE_STEPS,
  moved,
  openPruningHarness,
  PERSON,
  type PruningHarness,
  pruneAll,
  SMALL_STEPS,
  stated,
} from '../support/pruning.ts';

let harness: PruningHarness;
let database: TestDatabase;
beforeEach(async () => {
  harness = await openPruningHarness();
  ({ database } = harness);
});
afterEach(() => harness[Symbol.asyncDispose]());

test('facts below the newest old full statement are deleted; the head stays where it is above', async () => {
  await harness.send(joined(), ...[2, 3, 4, 5].map((at) => moved(at)), stated(6));
  for (let revision = 7; revision < 15; revision += 1) await harness.send(moved(revision));
  const before = await harness.checkpoint();
  expect(before?.through).toBeGreaterThan(6);
  const bytes = await harness.factBytes();
  await ageFacts(database);
  expect(await pruneAll(harness.db, LARGE_STEPS)).toEqual([5]);
  expect(await harness.orders()).toEqual([6, 7, 8, 9, 10, 11, 12, 13, 14]);
  expect(await harness.checkpoint()).toEqual({ ...before, below: 6 });
  // They were in the head. What is left of them is read from now on.
  expect(await harness.factBytes()).toBe(bytes + (await harness.baseBytes()));
  expect(await pruneAll(harness.db, LARGE_STEPS)).toEqual([]);
  await harness.send(moved(15, 'Legal'));
  expect(await harness.department()).toBe('Legal');
});

test('a head that ends below the full statement is dropped with its keys, and its bytes are not counted any more', async () => {
  await harness.send(joined());
  for (let revision = 2; revision < 9; revision += 1) await harness.send(moved(revision));
  const head = await harness.checkpoint();
  expect(head?.through).toBeGreaterThan(2);
  await harness.send(stated(9));
  await database.query(
    `insert into checkpoint_row_key select identity_id, source, engagement, 'F'
     from engagement_checkpoint where identity_id = $1`,
    [identityIdOf(HR, PERSON)],
  );
  // As it was before the full statement made it advance.
  await database.query(
    `update engagement_checkpoint set through_order = 5 where identity_id = $1 and through_order > 5`,
    [identityIdOf(HR, PERSON)],
  );
  await ageFacts(database);
  await pruneAll(harness.db, LARGE_STEPS);
  expect(await harness.checkpoint()).toEqual({ through: null, below: 9 });
  expect(
    await database.query('select from checkpoint_row_key where identity_id = $1', [
      identityIdOf(HR, PERSON),
    ]),
  ).toEqual([]);
  await harness.send(moved(10, 'Legal'));
  expect(await harness.department()).toBe('Legal');
});

test('bytes of pruned facts that were read beside no head are not counted any more', async () => {
  await harness.send(joined(), moved(2), stated(3));
  const before = await harness.factBytes();
  const [row] = await database.query<{ bytes: number }>(
    `select sum(octet_length(data))::float as bytes from fact
     where identity_id = $1 and source_order < 3`,
    [identityIdOf(HR, PERSON)],
  );
  await ageFacts(database);
  await pruneAll(harness.db);
  const left = before - (row?.bytes ?? Number.NaN) + (await harness.baseBytes());
  expect(await harness.factBytes()).toBe(left);
  // An event counts everything again.
  await harness.send(moved(10));
  const [all] = await database.query<{ bytes: number }>(
    `select sum(octet_length(data))::float as bytes from fact where identity_id = $1`,
    [identityIdOf(HR, PERSON)],
  );
  const total = (all?.bytes ?? Number.NaN) + (await harness.baseBytes());
  expect(await harness.factBytes()).toBe(total);
});

test('nothing is pruned below a full statement that is recent, tied or the first, or while a fact below it is recent', async () => {
  await harness.send(stated(1), moved(2), stated(4));
  await ageFacts(database, 2);
  await pruneAll(harness.db, LARGE_STEPS);
  expect(await harness.orders()).toEqual([1, 2, 4]);
  await harness.send(moved(4));
  await ageFacts(database);
  await pruneAll(harness.db, LARGE_STEPS);
  expect(await harness.orders()).toEqual([1, 2, 4, 4]);
  await harness.send(stated(5), stated(6));
  await ageFacts(database);
  await harness.send(moved(3));
  await pruneAll(harness.db, LARGE_STEPS);
  expect(await harness.orders()).toEqual([1, 2, 3, 4, 4, 5, 6]);
  await ageFacts(database);
  await pruneAll(harness.db, LARGE_STEPS);
  expect(await harness.orders()).toEqual([6]);
});

test('other engagements, blocks and voided facts stay', async () => {
  const other = { engagement: `F-${PERSON}`, startsAt: inDays(-9), attributes: employee('Legal') };
  const about = { person: { source: HR, externalId: PERSON }, reason: 'r', incident: 'I' };
  const security = { source: SECURITY, type: 'latchkey.person.blocked.v1', data: about };
  await harness.send(
    joined(),
    moved(2),
    hrEvent('joined', PERSON, 3, other),
    hrEvent('blocked', PERSON, 4, {}, security),
    stated(5),
  );
  await database.query('update fact set voided_at = now() where identity_id = $1 and kind = $2', [
    identityIdOf(HR, PERSON),
    'moved',
  ]);
  await ageFacts(database);
  await pruneAll(harness.db);
  const facts = await database.query('select kind, engagement from fact order by kind, engagement');
  expect(facts).toEqual([
    { kind: 'blocked', engagement: null },
    { kind: 'joined', engagement: other.engagement },
    { kind: 'moved', engagement: `E-${PERSON}` },
    { kind: 'stated', engagement: `E-${PERSON}` },
  ]);
});

test('an engagement with more facts than a transaction reads is pruned in steps, to the lower full statement first', async () => {
  await harness.send(
    joined(),
    moved(2),
    stated(3),
    moved(4),
    moved(5),
    stated(6),
    moved(7),
    stated(8),
  );
  await ageFacts(database);
  expect(await pruneAll(harness.db, SMALL_STEPS)).toEqual([2, 3, 2]);
  expect(await harness.orders()).toEqual([8]);
});

test('more facts than a look at an engagement takes are pruned too', async () => {
  await harness.send(joined(), stated(1_000));
  await database.query(
    `insert into fact (event_id, fingerprint, identity_id, source, kind, engagement, source_order, data)
     select event_id || n, fingerprint, identity_id, source, 'moved', engagement, n + 1,
       json_build_object('engagement', engagement, 'effectiveAt', '2020-01-01T00:00:00.000Z',
         'attributes', json_build_object('department', 'D' || n))
     from fact, generate_series(1, 400) as n where identity_id = $1 and source_order = 1`,
    [identityIdOf(HR, PERSON)],
  );
  await ageFacts(database);
  expect(await pruneAll(harness.db, LARGE_STEPS)).toEqual([401]);
});

test('a fact below what was pruned is stale, with a review, and is deleted once it is old itself', async () => {
  await harness.send(joined(), moved(5), stated(6));
  await ageFacts(database);
  await pruneAll(harness.db);
  const before = await harness.factBytes();
  expect(await harness.process([moved(4)])).toMatchObject({ counts: { applied: 0, stale: 1 } });
  expect(await harness.reviewKinds()).toEqual(['fact_below_pruned']);
  expect(await pruneAll(harness.db)).toEqual([]);
  expect(await harness.orders()).toEqual([4, 6]);
  await harness.send(moved(7, 'Legal'), stated(8), stated(9));
  await database.query(
    `update fact set received_at = now() - interval '731 days'
     where identity_id = $1 and source_order between 5 and 8`,
    [identityIdOf(HR, PERSON)],
  );
  // It does not stop what is above it from being pruned.
  expect(await pruneAll(harness.db)).toEqual([2]);
  expect(await harness.orders()).toEqual([4, 8, 9]);
  await ageFacts(database);
  await database.query(
    `update fact set received_at = now() where identity_id = $1 and source_order > 4`,
    [identityIdOf(HR, PERSON)],
  );
  expect(await pruneAll(harness.db)).toEqual([1]);
  expect(await harness.orders()).toEqual([8, 9]);
  expect(await harness.factBytes()).toBeGreaterThan(before);
});

test('a pruned fact that is delivered again after the inbox forgot it is stale, and never applied', async () => {
  const late = moved(5);
  const full = stated(6);
  await harness.send(joined(), late, full);
  await ageFacts(database);
  await pruneAll(harness.db);
  expect(await harness.process([late])).toMatchObject({ counts: { duplicate: 1 } });
  await database.query('delete from inbox');
  const accounts = 'select * from account where identity_id = $1 order by target';
  const before = await database.query(accounts, [identityIdOf(HR, PERSON)]);
  expect(await harness.process([late])).toMatchObject({ counts: { applied: 0, stale: 1 } });
  expect(await harness.reviewKinds()).toEqual(['fact_below_pruned']);
  // What is not below is found in the record.
  expect(await harness.process([full])).toMatchObject({ counts: { duplicate: 1 } });
  expect(await database.query(accounts, [identityIdOf(HR, PERSON)])).toEqual(before);
});

test('a reconciler prunes once it has run for long enough, and counts and logs it', async () => {
  await harness.send(joined(), moved(2), stated(3));
  await ageFacts(database);
  const { signal } = new AbortController();
  const logged: unknown[] = [];
  const log = { info: (fields: unknown) => logged.push(fields) };
  const run = async (startsAfterMs: number): Promise<string> => {
    const metrics = createMetrics();
    const time = { retentionDays: 730, startsAfterMs };
    await pruningTask(harness.db, time, { metrics, log }, signal).work();
    return metrics.text();
  };
  expect(await run(3_600_000)).toContain('latchkey_facts_pruned_total 0');
  expect(await harness.orders()).toEqual([1, 2, 3]);
  expect(await run(0)).toContain('latchkey_facts_pruned_total 2');
  expect(logged).toEqual([{ facts: 2 }]);
});
