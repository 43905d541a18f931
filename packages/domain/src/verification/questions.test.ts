import { expect, test } from 'vitest';
import { applyReport } from './apply-report.ts';
import {
  openDesk,
  opened,
  POLICY,
  progressed,
  requested,
  verdict,
  withdrawn,
} from './desk.test-support.ts';

const other = { attempt: 'b', call: { session: 'call-2' } };

test('only verification.cancelled cancels it, and its open attempts with it', () => {
  const desk = openDesk();
  desk.takeAll([requested(), opened(), opened(other), verdict({ verdict: 'cancelled' })]);

  const taken = desk.take(withdrawn());

  expect(taken).toMatchObject({ disposition: 'accepted', finalState: 'cancelled' });
  expect(desk.settled).toMatchObject([{ outcome: 'cancelled' }]);
  expect(desk.attempt('b').state).toBe('cancelled');
  expect(desk.take(withdrawn()).disposition).toBe('duplicate');
});

test('a cancellation of what was decided contradicts', () => {
  const desk = openDesk();
  desk.takeAll([requested(), opened(), verdict()]);

  expect(desk.take(withdrawn())).toMatchObject({
    disposition: 'contradictory',
    finalState: 'verified',
  });
});

test('the same question asked again is a duplicate, another question under its id contradicts', () => {
  const desk = openDesk();
  const person = { source: 'urn:example:hr', externalId: 'E1' };
  const asked = { person, expiresAt: '2026-03-02T09:05:00Z', maxAttempts: 3, maxFailures: 2 };
  desk.take(requested(asked));
  const before = desk.verification();

  expect(desk.take(requested(asked, 5)).disposition).toBe('duplicate');
  for (const changed of [
    { purpose: 'helpdesk-reset' },
    { person: { ...person, externalId: 'E2' } },
    { expiresAt: '2026-03-02T09:06:00Z' },
    { maxAttempts: 4 },
    { maxFailures: 3 },
  ]) {
    expect(desk.take(requested({ ...asked, ...changed }, 6)).disposition).toBe('contradictory');
  }
  expect(desk.verification()).toEqual(before);
});

test('legs share a session, and what is named first binds', () => {
  const desk = openDesk();
  const report = opened();
  const uncalled = { ...report.event.data, call: undefined };
  desk.take(requested());
  desk.take({ ...report, event: { ...report.event, data: uncalled } as typeof report.event });
  expect(desk.attempt()).toMatchObject({ platform: 'twilio' });
  expect(desk.attempt().session).toBeUndefined();

  desk.take(progressed({ status: 'ringing', call: { session: 's', leg: '1' } }));
  const sameCall = desk.take(progressed({ status: 'answered', call: { session: 's', leg: '2' } }));
  const otherCall = desk.take(verdict({ call: { session: 't', leg: '1' } }));

  expect(desk.attempt().session).toBe('s');
  expect(sameCall.disposition).toBe('progress');
  expect(otherCall.disposition).toBe('call_mismatch');
});

test('one call may serve two verifications', () => {
  const desk = openDesk();
  const second = { verification: 'w' };

  desk.takeAll([requested(), opened(), requested(second), opened(second)]);
  desk.takeAll([verdict(), verdict({ ...second, verdict: 'max_attempts' })]);

  expect(desk.verification('v').state).toBe('verified');
  expect(desk.verification('w').state).toBe('locked');
});

test('what settled says is valid for the validity, counted from when the deciding fact was taken', () => {
  const desk = openDesk();
  const person = { source: 'urn:example:hr', externalId: 'E1' };

  desk.takeAll([requested({ person }), opened({}, 10), verdict({ method: 'voiceprint' }, 1500)]);

  expect(desk.settled).toEqual([
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
  const desk = openDesk();
  const stranger = { subject: 'x', purpose: 'callback', failures: [] };
  desk.take(requested());
  const verification = desk.verification();
  const world = { verification, attempts: [], failures: undefined, epoch: 0 };

  expect(() => applyReport(world, opened({ verification: 'w' }), POLICY)).toThrow(RangeError);
  expect(() => applyReport({ ...world, failures: stranger }, opened(), POLICY)).toThrow(RangeError);
});
