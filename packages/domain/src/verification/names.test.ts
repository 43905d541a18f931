import { describe, expect, test } from 'vitest';
import { type Report } from './apply-report.ts';
import {
  type Desk,
  input,
  openDesk,
  opened,
  POLICY,
  requested,
  verdict,
} from './desk.test-support.ts';

function dispositions(desk: Desk, reports: readonly Report[]): readonly string[] {
  return desk.takeAll(reports).map(({ disposition }) => disposition);
}

describe('a factor that a sender writes in another normal form', () => {
  const CALLBACK = 'R\u00fcckruf';
  const DECOMPOSED = CALLBACK.normalize('NFD');
  const policy = { ...POLICY, purposes: new Map([['reset', { factors: ['pin', CALLBACK] }]]) };
  const asked = (): Desk => {
    const desk = openDesk(policy);
    desk.takeAll([requested({ purpose: 'reset' }), opened()]);
    return desk;
  };

  test('matches by a verdict, and is settled as the policy writes it', () => {
    const desk = asked();
    desk.take(verdict({ method: `${DECOMPOSED}+pin` }));
    expect(desk.settled).toMatchObject([{ outcome: 'verified', method: `pin+${CALLBACK}` }]);
  });

  test('matches by a step', () => {
    const desk = asked();
    desk.takeAll([input(), input({ step: '2', factor: DECOMPOSED })]);
    expect(desk.settled).toMatchObject([{ outcome: 'verified', method: `pin+${CALLBACK}` }]);
  });

  test('is the same claim and the same input, also while it waits for its attempt', () => {
    const desk = openDesk(policy);
    expect(
      dispositions(desk, [
        verdict({ method: CALLBACK }),
        verdict({ method: DECOMPOSED }),
        input({ factor: CALLBACK }),
        input({ factor: DECOMPOSED }),
      ]),
    ).toEqual(['accepted', 'duplicate', 'accepted', 'duplicate']);
    const known = asked();
    expect(
      dispositions(known, [
        verdict({ method: CALLBACK }),
        verdict({ method: DECOMPOSED }),
        input({ factor: CALLBACK, result: 'no_input' }),
        input({ factor: DECOMPOSED, result: 'no_input' }),
      ]),
    ).toEqual(['progress', 'duplicate', 'accepted', 'duplicate']);
  });
});
