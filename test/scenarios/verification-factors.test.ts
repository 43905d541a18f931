import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXAMPLE_POLICY_URL } from '@latchkey/domain';
import { expect, test } from 'vitest';
import { ivrEvent, type SentEvent } from '../support/events.ts';
import { openSystem } from '../support/system.ts';
import { CALL, dispositionsOf, settledOf, VOICE } from './s1-and-s21.ts';

/** The example policy with a grace period that a test can wait for. */
async function withShortGrace(): Promise<AsyncDisposable & { readonly file: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-grace-'));
  const file = join(folder, 'policy.yaml');
  const example = await readFile(EXAMPLE_POLICY_URL, 'utf8');
  await writeFile(file, example.replace('\nverification:\n', '\nverification:\n  grace: PT2S\n'));
  return { file, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}

test('S23 another channel verifies: the call is superseded, the terminal row stays as it is', async () => {
  await using system = await openSystem();
  const app = { attempt: 'app1', platform: 'example-app' };
  await system.send(
    ivrEvent('requested', 's23', { purpose: 'callback' }),
    ivrEvent('attempt-opened', 's23', { ...VOICE, channel: 'voice' }),
    ivrEvent('attempt-opened', 's23', { ...app, channel: 'app' }),
    ivrEvent('verdict-reached', 's23', { ...app, verdict: 'verified', decidedBy: 'app' }),
  );
  await system.settled();
  const rows = (): Promise<unknown[]> =>
    system.database.query(
      `select verification::text as row from verification where verification_id = 's23'
       union all select verification_attempt::text from verification_attempt where verification_id = 's23'
       order by 1`,
    );
  const before = await rows();
  await system.send(
    ivrEvent('verdict-reached', 's23', { ...CALL, verdict: 'rejected', decidedBy: 'voice' }),
    ivrEvent('call-progressed', 's23', { ...CALL, status: 'ended', endReason: 'completed' }),
  );
  await system.settled();
  expect(await rows()).toEqual(before);
  expect(JSON.stringify(before)).toContain('superseded');
  expect(settledOf(system, 's23')).toMatchObject([{ outcome: 'verified', channel: 'app' }]);
  const dispositions = await dispositionsOf(system, 's23');
  expect(dispositions.toSorted()).toEqual([
    'accepted',
    'accepted',
    'accepted',
    'accepted',
    'contradictory',
    'duplicate_other_channel',
  ]);
  await system.verify();
});

test('S24 one wrong PIN six times is one failure; at the limit it is locked, and a match does not verify', async () => {
  await using system = await openSystem();
  const wrong = (attempt: string, step: string): SentEvent =>
    ivrEvent('input-checked', 's24', {
      attempt,
      platform: 'example',
      call: { session: `c-${attempt}` },
      step,
      factor: 'pin',
      result: 'mismatch',
    });
  const opened = (attempt: string): SentEvent =>
    ivrEvent('attempt-opened', 's24', { attempt, platform: 'example', channel: 'voice' });
  await system.send(ivrEvent('requested', 's24', { purpose: 'helpdesk-reset' }), opened('a1'));
  await system.send(...Array.from({ length: 6 }, () => wrong('a1', 'pin-1')));
  await system.settled();
  const failures = await system.database.query<{ failures: string }>(
    "select failures from verification_failure where purpose = 'helpdesk-reset'",
  );
  expect(failures.map((row) => (JSON.parse(row.failures) as unknown[]).length)).toEqual([1]);
  expect(settledOf(system, 's24')).toEqual([]);
  await system.send(opened('a2'), wrong('a2', 'pin-1'), opened('a3'), wrong('a3', 'pin-1'));
  await system.settled();
  expect(settledOf(system, 's24')).toMatchObject([{ outcome: 'locked', generation: 1 }]);
  const match = { ...(wrong('a3', 'pin-2').data as object), result: 'match' };
  await system.send(ivrEvent('input-checked', 's24', match));
  await system.settled();
  expect(settledOf(system, 's24')).toHaveLength(1);
  await system.verify();
});

test('S28 two legs: the one that is cancelled, or was busy, ends itself, and the PIN on the other verifies', async () => {
  await using policy = await withShortGrace();
  await using system = await openSystem({ env: { POLICY_FILE: policy.file } });
  const leg = (verification: string, name: string, more: object): SentEvent =>
    ivrEvent('call-progressed', verification, {
      ...VOICE,
      call: { session: 'c1', leg: name },
      ...more,
    });
  const match = (verification: string): SentEvent =>
    ivrEvent('input-checked', verification, { ...CALL, step: '1', factor: 'pin', result: 'match' });
  const call = (verification: string, endReason: string): readonly SentEvent[] => [
    ivrEvent('requested', verification, { purpose: 'helpdesk-reset' }),
    ivrEvent('attempt-opened', verification, { ...VOICE, channel: 'voice' }),
    leg(verification, 'desk', { status: 'ringing' }),
    leg(verification, 'mobile', { status: 'ringing' }),
    leg(verification, 'desk', { status: 'ended', endReason }),
    leg(verification, 'mobile', { status: 'answered' }),
  ];
  // The desk phone is busy before another phone rings.
  const [asked, opened, , ...others] = call('s28-first', 'busy');
  const busyFirst = [asked, opened, others[1], others[0], others[2]].filter(
    (one) => one !== undefined,
  );
  const sessionEnd = (verification: string): SentEvent =>
    ivrEvent('call-progressed', verification, { ...CALL, status: 'ended', endReason: 'completed' });
  const verified = ['s28', 's28-busy', 's28-first'];
  const over = ['s28-over', 's28-busy-over'];
  await system.send(
    ...call('s28', 'canceled'),
    ...call('s28-busy', 'busy'),
    ...busyFirst,
    ...call('s28-over', 'canceled'),
    ...call('s28-busy-over', 'busy'),
    ...over.map(sessionEnd),
  );
  await system.settled();
  // The grace period of the sessions that ended is over; a leg that ended by itself has none.
  await expect
    .poll(() =>
      system.database.query(
        'select distinct state from verification_attempt where verification_id = any ($1)',
        [over],
      ),
    )
    .toEqual([{ state: 'hung_up' }]);
  await system.send(...[...verified, ...over].map(match));
  await system.settled();
  for (const one of verified) {
    expect(settledOf(system, one)).toMatchObject([{ outcome: 'verified', method: 'pin' }]);
  }
  for (const one of over) {
    expect(settledOf(system, one)).toEqual([]);
    expect(await dispositionsOf(system, one)).toContain('late_input');
  }
  await system.verify();
});

test('S29 verdict and factors: nothing verifies until all factors have matched', async () => {
  await using system = await openSystem();
  const verdict = (more: object = {}): SentEvent =>
    ivrEvent('verdict-reached', 's29', {
      ...CALL,
      verdict: 'verified',
      decidedBy: 'agent',
      ...more,
    });
  await system.send(
    ivrEvent('requested', 's29', { purpose: 'transfer-approval' }),
    ivrEvent('attempt-opened', 's29', { ...VOICE, channel: 'voice' }),
    verdict(),
  );
  await system.settled();
  expect(settledOf(system, 's29')).toEqual([]);
  await system.send(verdict({ method: 'pin' }));
  await system.settled();
  expect(settledOf(system, 's29')).toEqual([]);
  await system.send(
    ivrEvent('input-checked', 's29', { ...CALL, step: '1', factor: 'voice', result: 'match' }),
  );
  await system.settled();
  expect(settledOf(system, 's29')).toMatchObject([{ outcome: 'verified', method: 'pin+voice' }]);
  const dispositions = await dispositionsOf(system, 's29');
  expect(dispositions.filter((one) => one === 'progress')).toHaveLength(2);
  await system.verify();
});
