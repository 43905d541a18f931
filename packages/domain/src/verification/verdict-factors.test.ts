import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Report } from './apply-report.ts';
import {
  type Desk,
  input,
  openDesk,
  opened,
  requested,
  SECOND_MS,
  verdict,
} from './desk.test-support.ts';

const BOTH = 'transfer-approval';
const other = { attempt: 'b', call: { session: 'call-2' } };

function deskFor(purpose: string): Desk {
  const desk = openDesk();
  desk.takeAll([requested({ purpose }), opened()]);
  return desk;
}

function dispositions(desk: Desk, reports: readonly Report[]): readonly string[] {
  return desk.takeAll(reports).map(({ disposition }) => disposition);
}

test('a verified verdict matches the factors that its method names, and no others', () => {
  const desk = deskFor(BOTH);

  expect(desk.take(verdict({ method: 'voice' })).disposition).toBe('progress');
  expect(desk.verification().state).toBe('pending');
  expect(desk.attempt().state).toBe('checking');

  expect(desk.take(input({ step: '1', factor: 'pin' })).finalState).toBe('verified');
  expect(desk.settled).toMatchObject([{ outcome: 'verified', attempt: 'a', method: 'pin+voice' }]);
});

test.each([
  ['pin', 'helpdesk-reset', 'pin'],
  ['voice+pin', BOTH, 'pin+voice'],
  ['pin+liveness+voice', BOTH, 'pin+voice'],
  ['liveness+pin', 'helpdesk-reset', 'pin'],
  ['pin+pin', 'helpdesk-reset', 'pin'],
])('the method %s verifies %s, settled in the order of the policy', (method, purpose, settled) => {
  const desk = deskFor(purpose);

  expect(desk.take(verdict({ method }))).toMatchObject({
    disposition: 'accepted',
    finalState: 'verified',
  });
  expect(desk.settled).toMatchObject([{ outcome: 'verified', method: settled }]);
});

test.each([undefined, 'PIN', ' pin', 'pinned', 'pin voice', 'liveness', '+', 'pin,voice'])(
  'the method %s names no factor of the purpose: progress, and the attempt stays open',
  (method) => {
    const desk = deskFor('helpdesk-reset');

    const taken = desk.take(verdict(method === undefined ? {} : { method }));

    expect(taken).toMatchObject({ disposition: 'progress', finalState: 'open' });
    expect(desk.verification().state).toBe('pending');
  },
);

test('the same claim again is a duplicate and changes nothing, another one is progress', () => {
  const desk = deskFor(BOTH);
  const named = (method: string): Report => verdict({ method });

  expect(
    dispositions(desk, [
      verdict(),
      verdict(),
      named('pin'),
      named('pin'),
      named('pin+liveness'),
      named('pin+pin'),
      verdict(),
      named('nothing known'),
    ]),
  ).toEqual([
    'progress',
    'duplicate',
    'progress',
    'duplicate',
    'duplicate',
    'duplicate',
    'duplicate',
    'duplicate',
  ]);
  expect(desk.take(named('pin')).decisions).toEqual([]);
});

test('a claim that names too little is on record', () => {
  const desk = deskFor(BOTH);

  expect(desk.take(verdict({ method: 'pin+liveness' })).decisions).toEqual([
    { kind: 'factors_claimed', attempt: 'a', factors: ['pin'] },
  ]);
});

test('a rejection after a claim that named too little is no contradiction', () => {
  const desk = deskFor(BOTH);
  desk.take(verdict({ method: 'pin' }));

  expect(desk.take(verdict({ verdict: 'rejected' }))).toMatchObject({
    disposition: 'accepted',
    finalState: 'rejected',
  });
  expect(desk.verification().state).toBe('pending');
});

test('claims of two attempts do not add up', () => {
  const desk = deskFor(BOTH);

  desk.takeAll([opened(other), verdict({ method: 'pin' }), verdict({ ...other, method: 'voice' })]);

  expect(desk.verification().state).toBe('pending');
});

describe('a factor with a mismatch can still be matched', () => {
  const mismatch = input({ result: 'mismatch' });

  test('by another step', () => {
    const desk = deskFor('helpdesk-reset');
    desk.takeAll([mismatch, input({ step: '2' })]);
    expect(desk.settled).toMatchObject([{ outcome: 'verified', method: 'pin' }]);
  });

  test('by a verdict', () => {
    const desk = deskFor('helpdesk-reset');
    desk.takeAll([mismatch, verdict({ method: 'pin' })]);
    expect(desk.settled).toMatchObject([{ outcome: 'verified', method: 'pin' }]);
  });

  test('and a mismatch after the match takes nothing back', () => {
    const desk = deskFor(BOTH);
    desk.takeAll([input(), input({ step: '2', result: 'mismatch' }), verdict({ method: 'voice' })]);
    expect(desk.settled).toMatchObject([{ outcome: 'verified', method: 'pin+voice' }]);
  });
});

test('a claim with a score that is not over the threshold names nothing', () => {
  const desk = deskFor(BOTH);

  desk.takeAll([verdict({ method: 'pin', score: 0.5 }), input({ step: '1', factor: 'voice' })]);

  expect(desk.verification().state).toBe('pending');
});

test('a claim that names too little does not verify a locked person, it locks', () => {
  const desk = openDesk();
  const person = { source: 'urn:example:hr', externalId: 'E1' };
  desk.takeAll([
    requested({ verification: 'w', purpose: BOTH, person }),
    opened({ verification: 'w' }),
  ]);
  for (const verification of ['x', 'y', 'z']) {
    desk.takeAll([
      requested({ verification, purpose: BOTH, person }),
      opened({ verification }),
      input({ verification, result: 'mismatch' }),
    ]);
  }

  const taken = desk.take(verdict({ verification: 'w', method: 'pin' }, SECOND_MS));

  expect(taken).toMatchObject({ disposition: 'accepted', finalState: 'max_attempts' });
  expect(desk.verification('w').state).toBe('locked');
});

test('a purpose that names no factors is verified by any verdict, with its method as it was named', () => {
  const desk = deskFor('callback');

  desk.take(verdict({ method: 'passkey' }));

  expect(desk.settled).toMatchObject([{ outcome: 'verified', method: 'passkey' }]);
});

describe('parked claims', () => {
  test('of different factors all count when the attempt is known', () => {
    const desk = openDesk();
    desk.take(requested({ purpose: BOTH }));

    expect(
      dispositions(desk, [
        verdict({ method: 'voice' }),
        verdict({ method: 'voice' }),
        verdict({ method: 'pin' }),
        opened(),
      ]),
    ).toEqual(['accepted', 'duplicate', 'accepted', 'accepted']);
    expect(desk.settled).toMatchObject([{ outcome: 'verified', method: 'pin+voice' }]);
  });

  test('that name too little leave a rejection its word', () => {
    const desk = openDesk();
    desk.takeAll([verdict(), verdict({ verdict: 'rejected' }, 1), opened({}, 2)]);

    desk.take(requested({ purpose: BOTH }, 3));

    expect(desk.attempt().state).toBe('rejected');
  });

  test('that verify a purpose without factors contradict a later rejection', () => {
    const desk = openDesk();
    const rejection = verdict({ verdict: 'rejected' }, 1);
    desk.takeAll([verdict(), rejection, opened({}, 2)]);

    const taken = desk.take(requested({}, 3));

    expect(desk.verification().state).toBe('verified');
    expect(taken.decisions).toContainEqual({
      kind: 'parked_fact_dropped',
      attempt: 'a',
      eventId: rejection.event.eventId,
      disposition: 'contradictory',
    });
  });
});

const said = fc.oneof(
  fc
    .record({ factor: fc.constantFrom('pin', 'voice', 'liveness'), isMatch: fc.boolean() })
    .map((one) => ({ kind: 'input' as const, ...one })),
  fc
    .record({ factors: fc.subarray(['pin', 'voice', 'liveness']) })
    .map((one) => ({ kind: 'verdict' as const, ...one })),
);

test('it is verified if and only if steps and verdicts have matched all factors, in any order', () => {
  const telling = fc
    .array(said, { maxLength: 6 })
    .chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
    );
  fc.assert(
    fc.property(telling, ([all, shuffled]) => {
      const matched = new Set(
        all.flatMap((one) =>
          one.kind === 'verdict' ? one.factors : one.isMatch ? [one.factor] : [],
        ),
      );
      const isComplete = matched.has('pin') && matched.has('voice');
      for (const order of [all, shuffled]) {
        const desk = openDesk();
        desk.takeAll([requested({ purpose: BOTH, maxFailures: 3 }), opened()]);
        for (const [at, one] of order.entries()) {
          desk.take(
            one.kind === 'verdict'
              ? verdict(one.factors.length === 0 ? {} : { method: one.factors.join('+') })
              : input({
                  step: String(at),
                  factor: one.factor,
                  result: one.isMatch ? 'match' : 'no_input',
                }),
          );
        }
        expect(desk.verification().state).toBe(isComplete ? 'verified' : 'pending');
        if (isComplete) expect(desk.settled).toMatchObject([{ method: 'pin+voice' }]);
      }
    }),
    { numRuns: 300 },
  );
});
