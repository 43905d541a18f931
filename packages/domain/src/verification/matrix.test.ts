import { expect, test } from 'vitest';
import { type Report } from './apply-report.ts';
import {
  input,
  opened,
  openStore,
  progressed,
  requested,
  type Store,
  verdict,
  withdrawn,
} from './store.test-support.ts';

/** All factors of the purpose: what counts as `verified` here. */
const BOTH = { method: 'pin+voice' };

/** How an attempt comes to a state. Everything happens in the first second; the reports of the table come after. */
const BEFORE: Readonly<Record<string, readonly Report[]>> = {
  open: [],
  collecting: [input({ result: 'no_input' })],
  checking: [input()],
  verified: [input(), verdict(BOTH)],
  rejected: [input(), verdict({ verdict: 'rejected' })],
  max_attempts: [input(), verdict({ verdict: 'max_attempts' })],
  expired: [input(), verdict({ verdict: 'expired' })],
  cancelled: [input(), verdict({ verdict: 'cancelled' })],
  hung_up: [input(), progressed({ endReason: 'completed' })],
  'superseded by a success': [input(), otherOpened(), otherVerdict('verified')],
  'superseded by a failure': [input(), otherOpened(), otherVerdict('max_attempts')],
  'cancelled with the verification': [input(), withdrawn()],
};
const OPEN = ['open', 'collecting', 'checking'];
const FAILED = ['rejected', 'max_attempts', 'expired', 'cancelled', 'hung_up'];
const SUPERSEDED = ['superseded by a success', 'superseded by a failure'];
const CLOSED = ['verified', ...FAILED, ...SUPERSEDED, 'cancelled with the verification'];

const failures = ['rejected', 'max_attempts'] as const;
const claims = ['verified', 'rejected', 'max_attempts', 'expired', 'cancelled'] as const;

test.each([
  ...OPEN.map((state) => [state, 'telemetry', progressed({ status: 'ringing' }), 'progress']),
  ...CLOSED.filter((state) => !SUPERSEDED.includes(state)).map((state) => [
    state,
    'telemetry',
    progressed(),
    'late_telemetry',
  ]),
  ...SUPERSEDED.map((state) => [state, 'telemetry', progressed(), 'duplicate_other_channel']),

  ...OPEN.map((state) => [state, 'a new step', input({ step: '2' }), 'accepted']),
  ...[...FAILED, 'verified'].map((state) => [
    state,
    'a new step',
    input({ step: '2' }),
    'late_input',
  ]),
  ...SUPERSEDED.map((state) => [
    state,
    'a new step',
    input({ step: '2' }),
    'duplicate_other_channel',
  ]),

  ['checking', 'the same step and result', input(), 'duplicate'],
  ...[...FAILED, 'verified'].map((state) => [
    state,
    'the same step and result',
    input(),
    'duplicate',
  ]),
  ...SUPERSEDED.map((state) => [
    state,
    'the same step and result',
    input(),
    'duplicate_other_channel',
  ]),

  ...['checking', ...CLOSED].map((state) => [
    state,
    'the same step, another result',
    input({ result: 'mismatch' }),
    'contradictory_input',
  ]),
  ...['checking', ...CLOSED].map((state) => [
    state,
    'the same step, another factor',
    input({ factor: 'voice' }),
    'contradictory_input',
  ]),

  ...OPEN.flatMap((state) =>
    claims.map((claim) => [state, claim, verdict({ verdict: claim, ...BOTH }), 'accepted']),
  ),
  ...OPEN.map((state) => [state, 'verified without a method', verdict(), 'progress']),
  ...OPEN.map((state) => [state, 'inconclusive', verdict({ verdict: 'inconclusive' }), 'progress']),
  ['verified', 'verified', verdict(), 'duplicate'],
  ...claims
    .filter((claim) => claim !== 'verified')
    .map((claim) => ['verified', claim, verdict({ verdict: claim }), 'contradictory']),
  ...FAILED.flatMap((state) =>
    claims.map((claim) => [
      state,
      claim,
      verdict({ verdict: claim }),
      state === claim ? 'duplicate' : 'contradictory',
    ]),
  ),
  ['superseded by a success', 'verified', verdict(), 'duplicate_other_channel'],
  ['superseded by a failure', 'verified', verdict(), 'contradictory'],
  ...failures.flatMap((claim) => [
    ['superseded by a success', claim, verdict({ verdict: claim }), 'contradictory'],
    ['superseded by a failure', claim, verdict({ verdict: claim }), 'duplicate_other_channel'],
  ]),
  ...SUPERSEDED.flatMap((state) =>
    (['expired', 'cancelled', 'inconclusive'] as const).map((claim) => [
      state,
      claim,
      verdict({ verdict: claim }),
      'duplicate_other_channel',
    ]),
  ),
  ...['verified', ...FAILED].map((state) => [
    state,
    'inconclusive',
    verdict({ verdict: 'inconclusive' }),
    'late_input',
  ]),

  ...[...OPEN, 'verified', ...FAILED].map((state) => [
    state,
    'opened again',
    opened(),
    'duplicate',
  ]),
  ...[...OPEN, 'verified', ...FAILED].map((state) => [
    state,
    'opened again on another channel',
    opened({ channel: 'sms' }),
    'contradictory',
  ]),
  ...SUPERSEDED.map((state) => [state, 'opened again', opened(), 'duplicate_other_channel']),

  ...[...OPEN, ...CLOSED].flatMap((state) => [
    [state, 'telemetry of another call', progressed({ call: { session: 'x' } }), 'call_mismatch'],
    [state, 'input of another call', input({ call: { session: 'x' } }), 'call_mismatch'],
    [state, 'a verdict of another platform', verdict({ platform: 'x' }), 'call_mismatch'],
    [state, 'opened by another call', opened({ call: { session: 'x' } }), 'call_mismatch'],
  ]),
] as [string, string, Report, string][])('%s attempt: %s is %s', (state, _, report, expected) => {
  const store = storeIn(state);
  const before = [store.verification(), store.attempts()];

  const outcome = store.process({ ...report, takenAtMs: report.takenAtMs + 200_000 });

  expect(outcome.disposition).toBe(expected);
  if (expected === 'accepted' || expected === 'progress') return;
  expect([store.verification(), store.attempts()]).toEqual(before);
  expect(outcome).toMatchObject({ attempts: [], settled: undefined, decisions: [] });
});

function storeIn(state: string): Store {
  const store = openStore();
  store.processBatch([
    requested({ purpose: 'transfer-approval' }),
    opened(),
    ...(BEFORE[state] ?? []),
  ]);
  if (state === 'hung_up') store.sweep('v', 120_000);
  return store;
}

function otherOpened(): Report {
  return opened({ attempt: 'other', channel: 'app', call: { session: 'call-9' } });
}

function otherVerdict(claim: 'verified' | 'max_attempts'): Report {
  return verdict({ attempt: 'other', verdict: claim, call: { session: 'call-9' }, ...BOTH });
}
