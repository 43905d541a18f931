import { identityIdOf } from '@latchkey/contracts';
import { ROUND_LIMITS, retryWork } from '@latchkey/intake';
import { adoptParkedIdentities, openDatabase } from '@latchkey/postgres';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DueWorkWorld } from '../support/due-work-world.ts';
import { HR, hrEvent, inDays } from '../support/events.ts';

let world: DueWorkWorld;
beforeEach(async () => {
  world = await DueWorkWorld.open();
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

test('after three different failures one item a minute is tried, a fresh one first, until one succeeds', async () => {
  await world.leavers(['x', 'y', 'z']);
  await world.refuse('22003', "new.user_name in ('x', 'y', 'z')");
  expect(await world.round()).toEqual({ tried: 3, failed: 3, isSlowed: true });
  await world.leavers(['a', 'b', 'c']);
  expect(await world.round()).toEqual({ tried: 0, failed: 0, isSlowed: true });
  await world.later();

  expect(await world.round()).toEqual({ tried: 1, failed: 0, isSlowed: false });
  expect(await world.disabled()).toHaveLength(1);
  expect(await world.round()).toEqual({ tried: 2, failed: 0, isSlowed: false });
  expect(await world.disabled()).toEqual(['a', 'b', 'c']);
  expect(await world.lost()).toEqual([]);
});

test('while slowed each failure is followed by a minute without tries', async () => {
  await world.leavers(['x', 'y', 'z']);
  await world.refuse('22003');
  await world.round();
  await world.later();
  expect(await world.round()).toEqual({ tried: 1, failed: 1, isSlowed: true });
  await world.database.query('update due_work set retry_at = now()');
  expect(await world.round()).toEqual({ tried: 0, failed: 0, isSlowed: true });
});

test('two processes do not try the same item, and a slowed kind is tried by one of them', async () => {
  await world.leavers(['x', 'y', 'z']);
  await world.refuse('22003');
  await world.round();
  await world.later();
  const rounds = await Promise.all([world.round(), world.round()]);
  expect(rounds.map(({ tried }) => tried).toSorted()).toEqual([0, 1]);
});

test('an event that decides a parked identity ends its due work', async () => {
  await world.leavers(['a']);
  await world.refuse('22003');
  await world.round();
  expect(await world.work()).toHaveLength(1);
  await world.accept();
  const data = { engagement: 'E-a', endsAt: inDays(-2) };
  await world.harness.process([hrEvent('left', 'a', 3, data)]);
  expect(await world.work()).toEqual([]);
  expect(await world.disabled()).toEqual(['a']);
  expect(await world.database.query('select kind, state from review')).toEqual([
    { kind: 'clock_failed', state: 'resolved' },
  ]);
});

test('an identity that an older version has parked is adopted', async () => {
  await world.leavers(['a']);
  await world.database.query('update identity set parked_at = now()');
  expect(await world.round()).toMatchObject({ tried: 0 });
  expect(await world.harness.db.run(adoptParkedIdentities, { limit: 10 })).toHaveLength(1);
  expect(await world.harness.db.run(adoptParkedIdentities, { limit: 10 })).toEqual([]);
  expect(await world.round()).toEqual({ tried: 1, failed: 0, isSlowed: false });
  expect(await world.disabled()).toEqual(['a']);
});

test('people whose facts are too large together are decided one after the other', async () => {
  await world.leavers(['a', 'b', 'c']);
  await world.database.query('update identity set fact_bytes = 600');
  const limits = { ...ROUND_LIMITS, maxFactBytes: 1_300 };
  expect(await world.round(limits)).toMatchObject({ tried: 2 });
  expect(await world.round({ ...limits, maxFactBytes: 1 })).toMatchObject({ tried: 1 });
  expect(await world.disabled()).toEqual(['a', 'b', 'c']);
});

test('an operator has failed work tried again at once, which the audit trail shows', async () => {
  await using operator = openDatabase({
    url: world.database.url,
    role: 'latchkey_operator',
    poolSize: 2,
    applicationName: 'test-operator',
    onConnectionLost: () => undefined,
  });
  await world.leavers(['x', 'y', 'z']);
  await world.refuse('22003');
  await world.round();
  await world.accept();
  const id = identityIdOf(HR, 'x');
  const retry = { kind: 'clock', operator: 'grace', owner: 'it-operations' } as const;
  expect(await retryWork(operator, { ...retry, itemIds: ['unknown', id] })).toEqual([id]);
  expect(await world.round()).toEqual({ tried: 1, failed: 0, isSlowed: false });
  expect(await retryWork(operator, { ...retry, itemIds: undefined })).toHaveLength(2);
  await world.allRounds(world.harness);
  expect(await world.disabled()).toEqual(['x', 'y', 'z']);
  const audit = await world.database.query(
    "select subject_kind, subject_id, decisions from audit_entry where decider = 'operator:grace' order by audit_id",
  );
  expect(audit).toHaveLength(3);
  expect(audit[0]).toEqual({
    subject_kind: 'identity',
    subject_id: id,
    decisions: '[{"kind":"work_retried","work":"clock"}]',
  });
});
