import { expect, test } from 'vitest';
import { type Report } from './apply-report.ts';
import {
  HOUR_MS,
  input,
  openDesk,
  opened,
  POLICY,
  progressed,
  requested,
  verdict,
  withdrawn,
} from './desk.test-support.ts';
import { failureKeyOf, failureKeysOf } from './failure-count.ts';

const person = { source: 'urn:example:hr', externalId: 'E1' };
const SUBJECT = 'urn:example:hr#E1';
const purpose = 'helpdesk-reset';

/** One verification with one attempt in which one step fails. */
function failing(verification: string, atMs: number): Report[] {
  return [
    requested({ verification, purpose, person }, atMs),
    opened({ verification }, atMs),
    input({ verification, result: 'mismatch' }, atMs),
  ];
}

test('failures are counted per person and purpose, over verifications', () => {
  const desk = openDesk();

  desk.takeAll([...failing('v1', 0), ...failing('v2', 1)]);

  expect(desk.failures(SUBJECT, purpose)).toBe(2);
  expect(desk.failures(SUBJECT, 'callback')).toBe(0);
});

test('a purpose in two normal forms has one count, and is one question', () => {
  const composed = 'R\u00fccksetzen';
  const decomposed = composed.normalize('NFD');
  const policy = { ...POLICY, maxFailures: 2 };
  const desk = openDesk(policy);
  const ask = (verification: string, written: string, atMs: number): Report =>
    requested({ verification, purpose: written, person }, atMs);
  desk.takeAll([
    ask('v1', composed, 0),
    opened({ verification: 'v1' }, 0),
    input({ verification: 'v1', result: 'mismatch' }, 0),
    ask('v2', decomposed, 1),
    opened({ verification: 'v2' }, 1),
  ]);

  expect(desk.take(ask('v2', composed, 1)).disposition).toBe('duplicate');
  desk.take(input({ verification: 'v2', result: 'mismatch' }, 1));

  expect(desk.failures(SUBJECT, composed)).toBe(2);
  expect(desk.failures(SUBJECT, decomposed)).toBe(0);
  expect(desk.verification('v2').state).toBe('locked');
  expect(
    failureKeysOf(undefined, [ask('v3', composed, 2).event, ask('v3', decomposed, 2).event]),
  ).toEqual([{ subject: SUBJECT, purpose: composed }]);
});

test('where no person is named they are counted per verification', () => {
  const desk = openDesk();

  desk.takeAll([requested({ purpose }), opened(), input({ result: 'mismatch' })]);

  expect(desk.failures('verification#v', purpose)).toBe(1);
});

test('at maxFailures it is locked, and one asked for meanwhile is locked at once', () => {
  const desk = openDesk();
  desk.takeAll([...failing('v1', 0), ...failing('v2', 1), ...failing('v3', 2)]);
  expect(desk.verification('v3')).toMatchObject({ state: 'locked', attempt: 'a' });
  expect(desk.attempt('a', 'v3').state).toBe('max_attempts');

  const asked = desk.take(requested({ verification: 'v4', purpose, person }, 3));

  expect(asked).toMatchObject({ disposition: 'accepted', finalState: 'locked' });
  expect(asked.settled).toMatchObject({ outcome: 'locked', generation: 1, validUntil: null });
  expect(desk.verification('v1').state).toBe('pending');
});

test('what waited on a verification that is locked at once never counts', () => {
  const desk = openDesk();
  desk.takeAll([...failing('v1', 0), ...failing('v2', 1), ...failing('v3', 2)]);

  desk.takeAll([
    opened({ verification: 'v4' }, 3),
    verdict({ verification: 'v4' }, 4),
    requested({ verification: 'v4', purpose, person }, 5),
  ]);

  expect(desk.verification('v4').state).toBe('locked');
  expect(desk.attempt('a', 'v4')).toMatchObject({ state: 'superseded', detail: {} });
});

test.each([
  ['a match', input({ verification: 'v1', step: '2' }, 3)],
  ['a verdict', verdict({ verification: 'v1' }, 3)],
  ['a new attempt', opened({ verification: 'v1', attempt: 'b' }, 3)],
])(
  'nothing verifies once the person is locked: %s locks the verification that was open before',
  (_, report) => {
    const desk = openDesk();
    desk.takeAll([...failing('v1', 0), ...failing('v2', 1), ...failing('v3', 2)]);

    const taken = desk.take(report);

    expect(taken).toMatchObject({ disposition: 'accepted', finalState: 'max_attempts' });
    expect(desk.verification('v1').state).toBe('locked');
  },
);

test('another purpose of the person is not locked', () => {
  const desk = openDesk();
  desk.takeAll([...failing('v1', 0), ...failing('v2', 1), ...failing('v3', 2)]);

  desk.takeAll([requested({ person }), opened(), verdict()]);

  expect(desk.verification().state).toBe('verified');
});

test('a rejected attempt without a mismatch is one failure, one with a mismatch is no further one', () => {
  const desk = openDesk();
  desk.takeAll([requested({ purpose, person }), opened(), verdict({ verdict: 'rejected' })]);
  expect(desk.failures(SUBJECT, purpose)).toBe(1);

  const second = { attempt: 'b', call: { session: 'call-2' } };
  desk.takeAll([
    opened(second),
    input({ ...second, result: 'mismatch' }),
    verdict({ ...second, verdict: 'rejected' }),
  ]);

  expect(desk.failures(SUBJECT, purpose)).toBe(2);
});

test('the rejection that reaches the limit locks', () => {
  const desk = openDesk();
  desk.takeAll([...failing('v1', 0), ...failing('v2', 1)]);

  desk.takeAll([
    requested({ purpose, person, maxAttempts: 1 }),
    opened(),
    verdict({ verdict: 'rejected' }, 5),
  ]);

  expect(desk.attempt().state).toBe('rejected');
  expect(desk.verification()).toMatchObject({ state: 'locked', attempt: 'a' });
});

test('no input is no failure, and neither is what the platform calls max_attempts, expired or cancelled', () => {
  const desk = openDesk();
  desk.takeAll([requested({ purpose, person }), opened(), input({ result: 'no_input' })]);
  for (const claim of ['max_attempts', 'expired', 'cancelled'] as const) {
    const named = { verification: claim };
    desk.takeAll([
      requested({ ...named, purpose, person }),
      opened(named),
      verdict({ ...named, verdict: claim }),
    ]);
  }

  expect(desk.failures(SUBJECT, purpose)).toBe(0);
});

test('a step is used once: another result for it is refused and counts nothing', () => {
  const desk = openDesk();
  desk.takeAll([requested({ purpose, person }), opened(), input({ result: 'no_input' })]);

  expect(desk.take(input({ result: 'mismatch' })).disposition).toBe('contradictory_input');
  expect(desk.take(input()).disposition).toBe('contradictory_input');

  expect(desk.failures(SUBJECT, purpose)).toBe(0);
  expect(desk.verification().state).toBe('pending');
});

test('a new attempt does not reset the count, a success does', () => {
  const desk = openDesk();
  const second = { attempt: 'b', call: { session: 'call-2' } };
  desk.takeAll([
    requested({ purpose, person }),
    opened(),
    input({ result: 'mismatch' }),
    opened(second),
  ]);
  expect(desk.failures(SUBJECT, purpose)).toBe(1);

  desk.take(input(second));

  expect(desk.verification().state).toBe('verified');
  expect(desk.failures(SUBJECT, purpose)).toBe(0);
});

test.each([
  ['a cancellation', (verification: string) => [withdrawn({ verification }, 5)]],
  ['an expiry', (verification: string) => [verdict({ verification, verdict: 'expired' }, 5)]],
  ['a call that ended', (verification: string) => [progressed({ verification }, 5)]],
  [
    'the last allowed call',
    (verification: string) => [verdict({ verification, verdict: 'cancelled' }, 5)],
  ],
])('%s clears no failures: only a success does', (_, endOf) => {
  const desk = openDesk();
  desk.takeAll([
    ...failing('v1', 0),
    requested({ verification: 'v2', purpose, person, maxAttempts: 1 }, 1),
    opened({ verification: 'v2' }, 1),
    ...endOf('v2'),
  ]);
  desk.sweep('v2', HOUR_MS);

  expect(desk.verification('v2').state).not.toBe('pending');
  expect(desk.failures(SUBJECT, purpose)).toBe(1);
});

test('a match that does not verify resets nothing', () => {
  const desk = openDesk();
  desk.takeAll([
    requested({ purpose: 'transfer-approval', person }),
    opened(),
    input({ result: 'mismatch' }),
    input({ step: '2' }),
  ]);

  expect(desk.failures(SUBJECT, 'transfer-approval')).toBe(1);
});

test('failures older than the window do not count', () => {
  const desk = openDesk();
  desk.takeAll([...failing('v1', 0), ...failing('v2', 1), ...failing('v3', HOUR_MS)]);

  desk.take(requested({ verification: 'v4', purpose, person }, 24 * HOUR_MS - 1));
  desk.take(requested({ verification: 'v5', purpose, person }, 24 * HOUR_MS));

  expect(desk.verification('v4').state).toBe('locked');
  expect(desk.verification('v5').state).toBe('pending');
});

test.each([
  [1, 'locked'],
  [2, 'pending'],
  [1000, 'pending'],
])('a request for %d failures is bounded by the policy', (maxFailures, state) => {
  const desk = openDesk();
  desk.takeAll([requested({ purpose, maxFailures }), opened(), input({ result: 'mismatch' })]);

  expect(desk.verification().state).toBe(state);
  desk.takeAll([
    input({ step: '2', result: 'mismatch' }),
    input({ step: '3', result: 'mismatch' }),
  ]);
  expect(desk.verification().state).toBe('locked');
});

test('no more failures are kept than the policy allows', () => {
  const desk = openDesk();

  for (const verification of ['v1', 'v2', 'v3', 'v4', 'v5']) {
    desk.takeAll([requested({ verification, purpose, person }), opened({ verification })]);
  }
  for (const verification of ['v1', 'v2', 'v3', 'v4', 'v5']) {
    desk.take(input({ verification, result: 'mismatch' }));
    expect(desk.failures(SUBJECT, purpose)).toBeLessThanOrEqual(POLICY.maxFailures);
  }
});

test('a parked failure counts once when it is known', () => {
  const desk = openDesk();

  desk.takeAll([input({ result: 'mismatch' }), input({ result: 'mismatch' }), opened()]);
  expect(desk.failures(SUBJECT, purpose)).toBe(0);
  desk.take(requested({ purpose, person }));

  expect(desk.failures(SUBJECT, purpose)).toBe(1);
});

test('the counters to lock are those of the question that is known, else of each that is asked', () => {
  const desk = openDesk();
  const asked = [requested({ purpose, person }), requested(), requested(), verdict()];
  const events = asked.map(({ event }) => event);

  expect(failureKeysOf(undefined, events)).toEqual([
    { subject: SUBJECT, purpose },
    { subject: 'verification#v', purpose: 'callback' },
  ]);
  expect(failureKeyOf(undefined, verdict().event)).toBeUndefined();

  desk.take(requested({ purpose, person }));
  expect(failureKeysOf(desk.verification(), events)).toEqual([{ subject: SUBJECT, purpose }]);
});

test('no counter is needed of a verification that is final', () => {
  const desk = openDesk();
  desk.takeAll([requested({ purpose, person }), opened(), verdict({ method: 'pin' })]);

  expect(failureKeysOf(desk.verification(), [verdict().event, requested().event])).toEqual([]);
});
