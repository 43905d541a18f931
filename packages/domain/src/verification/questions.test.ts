import { expect, test } from 'vitest';
import { applyReport } from './apply-report.ts';
import {
  opened,
  openStore,
  POLICY,
  progressed,
  requested,
  verdict,
  withdrawn,
} from './store.test-support.ts';

const other = { attempt: 'b', call: { session: 'call-2' } };

test('only verification.cancelled cancels it, and its open attempts with it', () => {
  const store = openStore();
  store.processBatch([requested(), opened(), opened(other), verdict({ verdict: 'cancelled' })]);

  const outcome = store.process(withdrawn());

  expect(outcome).toMatchObject({ disposition: 'accepted', finalState: 'cancelled' });
  expect(store.settled).toMatchObject([{ outcome: 'cancelled' }]);
  expect(store.attempt('b').state).toBe('cancelled');
  expect(store.process(withdrawn()).disposition).toBe('duplicate');
});

test('a cancellation of what was decided contradicts', () => {
  const store = openStore();
  store.processBatch([requested(), opened(), verdict()]);

  expect(store.process(withdrawn())).toMatchObject({
    disposition: 'contradictory',
    finalState: 'verified',
  });
});

test('the same question asked again is a duplicate, another question under its id contradicts', () => {
  const store = openStore();
  const person = { source: 'urn:example:hr', externalId: 'E1' };
  const asked = { person, expiresAt: '2026-03-02T09:05:00Z', maxAttempts: 3, maxFailures: 2 };
  store.process(requested(asked));
  const before = store.verification();

  expect(store.process(requested(asked, 5)).disposition).toBe('duplicate');
  for (const changed of [
    { purpose: 'helpdesk-reset' },
    { person: { ...person, externalId: 'E2' } },
    { expiresAt: '2026-03-02T09:06:00Z' },
    { maxAttempts: 4 },
    { maxFailures: 3 },
  ]) {
    expect(store.process(requested({ ...asked, ...changed }, 6)).disposition).toBe('contradictory');
  }
  expect(store.verification()).toEqual(before);
});

test('legs share a session, and what is named first binds', () => {
  const store = openStore();
  const report = opened();
  const uncalled = { ...report.event.data, call: undefined };
  store.process(requested());
  store.process({ ...report, event: { ...report.event, data: uncalled } as typeof report.event });
  expect(store.attempt()).toMatchObject({ platform: 'twilio' });
  expect(store.attempt().session).toBeUndefined();

  store.process(progressed({ status: 'ringing', call: { session: 's', leg: '1' } }));
  const sameCall = store.process(
    progressed({ status: 'answered', call: { session: 's', leg: '2' } }),
  );
  const otherCall = store.process(verdict({ call: { session: 't', leg: '1' } }));

  expect(store.attempt().session).toBe('s');
  expect(sameCall.disposition).toBe('progress');
  expect(otherCall.disposition).toBe('call_mismatch');
});

test('one call may serve two verifications', () => {
  const store = openStore();
  const second = { verification: 'w' };

  store.processBatch([requested(), opened(), requested(second), opened(second)]);
  store.processBatch([verdict(), verdict({ ...second, verdict: 'max_attempts' })]);

  expect(store.verification('v').state).toBe('verified');
  expect(store.verification('w').state).toBe('locked');
});

test('a settled verification is valid for the validity, counted from the stamp of the deciding fact', () => {
  const store = openStore();
  const person = { source: 'urn:example:hr', externalId: 'E1' };

  store.processBatch([
    requested({ person }),
    opened({}, 10),
    verdict({ method: 'voiceprint' }, 1500),
  ]);

  expect(store.settled).toEqual([
    {
      verification: 'v',
      person,
      purpose: 'callback',
      outcome: 'verified',
      attempt: 'a',
      channel: 'voice',
      method: 'voiceprint',
      decidedAt: '2026-03-02T09:00:01.500Z',
      validUntil: '2026-03-02T09:10:01.500Z',
      generation: 1,
    },
  ]);
});

test('rows of another verification and the counter of another person are refused as programming errors', () => {
  const store = openStore();
  const other = { subject: 'x', purpose: 'callback', failures: [] };
  store.process(requested());
  const verification = store.verification();
  const world = { verification, attempts: [], failures: undefined, epoch: 0 };

  expect(() => applyReport(world, opened({ verification: 'w' }), POLICY)).toThrow(RangeError);
  expect(() => applyReport({ ...world, failures: other }, opened(), POLICY)).toThrow(RangeError);
});
