import fc from 'fast-check';
import { type Report } from './apply-report.ts';
import {
  HOUR_MS,
  input,
  opened,
  openStore,
  progressed,
  requested,
  SECOND_MS,
  START_MS,
  type Store,
  verdict,
  withdrawn,
} from './store.test-support.ts';

const person = { source: 'urn:example:hr', externalId: 'E1' };
const verification = fc.constantFrom('v', 'w');
const attempt = fc.constantFrom('a', 'b', 'c');
const session = fc.oneof(
  { weight: 9, arbitrary: fc.constant('call-1') },
  { weight: 1, arbitrary: fc.constant('x') },
);
const call = fc.record({ session });
const callWithLeg = fc.record(
  { session, leg: fc.constantFrom('desk', 'mobile') },
  { requiredKeys: ['session'] },
);
const deadlines = [30, 300, 3000].map((s) => new Date(START_MS + s * SECOND_MS).toISOString());

export const question = fc
  .record(
    {
      verification,
      purpose: fc.constantFrom('callback', 'helpdesk-reset', 'transfer-approval'),
      person: fc.constant(person),
      expiresAt: fc.constantFrom(...deadlines),
      maxAttempts: fc.integer({ min: 1, max: 3 }),
      maxFailures: fc.integer({ min: 1, max: 5 }),
    },
    { requiredKeys: ['verification', 'purpose'] },
  )
  .map((data) => requested(data));
export const opening = fc
  .record({
    verification,
    attempt,
    call,
    channel: fc.constantFrom('voice' as const, 'app' as const),
  })
  .map((data) => opened(data));
export const progress = fc
  .record(
    {
      verification,
      attempt,
      call: callWithLeg,
      status: fc.constantFrom(
        'queued' as const,
        'ringing' as const,
        'answered' as const,
        'ended' as const,
      ),
      endReason: fc.constantFrom('completed' as const, 'busy' as const, 'failed' as const),
      answeredBy: fc.constantFrom('human' as const, 'machine' as const),
    },
    { requiredKeys: ['verification', 'attempt', 'call', 'status'] },
  )
  .map((data) => progressed(data));
export const checked = fc
  .record({
    verification,
    attempt,
    call,
    step: fc.constantFrom('1', '2', '3'),
    factor: fc.constantFrom('pin', 'voice'),
    result: fc.constantFrom('match' as const, 'mismatch' as const, 'no_input' as const),
  })
  .map((data) => input(data));
export const claimed = fc
  .record(
    {
      verification,
      attempt,
      call,
      verdict: fc.constantFrom(
        'verified' as const,
        'rejected' as const,
        'inconclusive' as const,
        'max_attempts' as const,
        'expired' as const,
        'cancelled' as const,
      ),
      method: fc.constantFrom('pin', 'voice', 'pin+voice', 'liveness'),
    },
    { requiredKeys: ['verification', 'attempt', 'call', 'verdict'] },
  )
  .map((data) => verdict(data));
const withdrawal = verification.map((id) => withdrawn({ verification: id }));

/** Reports come some seconds apart, now and then much later; a sweep may come between them. */
const step = fc.record({
  report: fc.oneof(question, opening, progress, checked, claimed, {
    weight: 1,
    arbitrary: withdrawal,
  }),
  waitMs: fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 0, max: 20 * SECOND_MS }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: HOUR_MS }) },
  ),
  isSwept: fc.boolean(),
});
export const reportSequences = fc.array(step, { maxLength: 40 });

export type Steps = readonly {
  readonly report: Report;
  readonly waitMs: number;
  readonly isSwept: boolean;
}[];

export function processSteps(steps: Steps): Store {
  const store = openStore();
  let atMs = 0;
  for (const { report, waitMs, isSwept } of steps) {
    atMs += waitMs;
    store.process({ ...report, takenAtMs: START_MS + atMs });
    if (isSwept) store.sweep(report.event.data.verification, atMs);
  }
  return store;
}

export function idsOf(steps: Steps): readonly string[] {
  return [...new Set(steps.map(({ report }) => report.event.data.verification))];
}
