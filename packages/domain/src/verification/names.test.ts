import { describe, expect, test } from 'vitest';
import { type Report } from './apply-report.ts';
import {
  input,
  opened,
  openStore,
  POLICY,
  requested,
  type Store,
  verdict,
} from './store.test-support.ts';

function dispositions(store: Store, reports: readonly Report[]): readonly string[] {
  return store.processBatch(reports).map(({ disposition }) => disposition);
}

describe('a factor that a sender writes in another normal form', () => {
  const CALLBACK = 'R\u00fcckruf';
  const DECOMPOSED = CALLBACK.normalize('NFD');
  const policy = { ...POLICY, purposes: new Map([['reset', { factors: ['pin', CALLBACK] }]]) };
  const asked = (): Store => {
    const store = openStore(policy);
    store.processBatch([requested({ purpose: 'reset' }), opened()]);
    return store;
  };

  test('matches by a verdict, and is settled as the policy writes it', () => {
    const store = asked();
    store.process(verdict({ method: `${DECOMPOSED}+pin` }));
    expect(store.settled).toMatchObject([{ outcome: 'verified', method: `pin+${CALLBACK}` }]);
  });

  test('matches by a step', () => {
    const store = asked();
    store.processBatch([input(), input({ step: '2', factor: DECOMPOSED })]);
    expect(store.settled).toMatchObject([{ outcome: 'verified', method: `pin+${CALLBACK}` }]);
  });

  test('is the same claim and the same input, also while it waits for its attempt', () => {
    const store = openStore(policy);
    expect(
      dispositions(store, [
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
