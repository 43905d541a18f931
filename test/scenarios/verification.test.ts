import { expect, inject, test } from 'vitest';
import { inSeconds, ivrEvent, type SentEvent } from '../support/events.ts';
import { openTransaction } from '../support/open-transaction.ts';
import { openSystem } from '../support/system.ts';
import {
  CALL,
  dispositionsOf,
  settledOf,
  VOICE,
  verifiedCall,
  verifyCallsInEveryOrder,
} from './s1-and-s21.ts';

test('S21 a call, shuffled and early: verified once, one settled, generation 1', async () => {
  await using system = await openSystem();
  await verifyCallsInEveryOrder(system);
  await system.verify();
});

test('S22 our own lag expires no verification', async () => {
  await using system = await openSystem();
  await system.killReconciler();
  const expiresAt = inSeconds(4);
  await system.send(
    ivrEvent('requested', 's22', { purpose: 'callback', expiresAt }),
    ivrEvent('attempt-opened', 's22', { ...VOICE, channel: 'voice' }),
    ivrEvent('verdict-reached', 's22', { ...CALL, verdict: 'verified', decidedBy: 'agent' }),
    ivrEvent('requested', 's22-none', { purpose: 'callback', expiresAt }),
  );
  await expect.poll(() => Date.now()).toBeGreaterThan(Date.parse(expiresAt) + 2_000);
  await system.start('reconciler');
  await expect.poll(() => settledOf(system, 's22-none')).toMatchObject([{ outcome: 'expired' }]);
  expect(settledOf(system, 's22')).toMatchObject([{ outcome: 'verified' }]);
  await system.verify();
});

test("S22 another producer's open transaction expires no verification: a verdict behind it arrived in time", async () => {
  await using system = await openSystem({ partitions: 1 });
  const topic = system.topics.names['verification-events'];
  const deadline = async (): Promise<unknown> =>
    system.database.query(
      `select from verification join intake_progress as input on input.topic = $1
       where verification_id like 's22%' and expires_at < input.read_through_at`,
      [topic],
    );
  const expiresAt = inSeconds(10);
  await system.send(
    ivrEvent('requested', 's22', { purpose: 'callback', expiresAt }),
    ivrEvent('attempt-opened', 's22', { ...VOICE, channel: 'voice' }),
    ivrEvent('requested', 's22-none', { purpose: 'callback', expiresAt }),
  );
  await system.settled();
  await using open = await openTransaction(inject('brokers'), topic, 0);
  await system.send(
    ivrEvent('verdict-reached', 's22', { ...CALL, verdict: 'verified', decidedBy: 'agent' }),
  );
  // Past the deadline, the margin and one more poll: nothing may be decided.
  await expect.poll(() => Date.now()).toBeGreaterThan(Date.parse(expiresAt) + 4_000);
  expect(await deadline()).toEqual([]);
  expect(settledOf(system, 's22-none')).toEqual([]);

  await open.abort();
  await expect.poll(() => settledOf(system, 's22')).toMatchObject([{ outcome: 'verified' }]);
  await expect.poll(() => settledOf(system, 's22-none')).toMatchObject([{ outcome: 'expired' }]);
  expect(settledOf(system, 's22')).toMatchObject([{ outcome: 'verified' }]);
});

test('S25 contradiction: the first stays, before and after a restart', async () => {
  await using system = await openSystem();
  const rejected = (): SentEvent =>
    ivrEvent('verdict-reached', 's25', { ...CALL, verdict: 'rejected', decidedBy: 'agent' });
  await system.send(...verifiedCall('s25').slice(0, 3), rejected());
  await system.settled();
  await system.killReconciler();
  await system.start('reconciler');
  await system.send(rejected());
  await system.settled();
  expect(settledOf(system, 's25')).toMatchObject([{ outcome: 'verified' }]);
  const dispositions = await dispositionsOf(system, 's25');
  expect(dispositions.filter((one) => one === 'contradictory')).toHaveLength(2);
  const [row] = await system.database.query<{ state: string }>(
    "select state from verification where verification_id = 's25'",
  );
  expect(row?.state).toBe('verified');
  await system.verify();
});
