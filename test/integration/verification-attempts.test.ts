import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { ivrEvent, type SentEvent } from '../support/events.ts';
import { type IntakeHarness, openIntakeHarness } from '../support/intake-harness.ts';

const VOICE = { attempt: 'a1', platform: 'example' };
const CALL = { ...VOICE, call: { session: 'c1' } };

let database: TestDatabase;
let harness: IntakeHarness;
beforeAll(async () => {
  database = await createTestDatabase();
  harness = await openIntakeHarness(database);
});
afterAll(async () => {
  await harness[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

function asked(verification: string): SentEvent {
  return ivrEvent('requested', verification, { purpose: 'callback' });
}

function opened(verification: string): SentEvent {
  return ivrEvent('attempt-opened', verification, { ...VOICE, channel: 'voice' });
}

test('an attempt is saved with all that each report adds, in any order', async () => {
  const verdict = { ...CALL, verdict: 'verified', decidedBy: 'platform' };
  const ringing = ivrEvent('call-progressed', 'v2', { ...CALL, status: 'ringing' });
  const attempts = () =>
    harness.query(
      `select verification_id as of, state, platform, channel, session, opened_at is not null as opened,
         ended_at is not null as ended
       from verification_attempt order by verification_id`,
    );

  await harness.process([asked('v1'), opened('v1'), asked('v2'), ringing]);
  const open = { state: 'open', platform: 'example', ended: false };
  expect(await attempts()).toEqual([
    { of: 'v1', ...open, channel: 'voice', session: null, opened: true },
    { of: 'v2', ...open, channel: null, session: 'c1', opened: false },
  ]);
  await harness.process([ivrEvent('verdict-reached', 'v1', verdict), opened('v2')]);
  const known = { platform: 'example', channel: 'voice', session: 'c1', opened: true };
  expect(await attempts()).toEqual([
    { of: 'v1', ...known, state: 'verified', ended: true },
    { of: 'v2', ...known, state: 'open', ended: false },
  ]);
});
