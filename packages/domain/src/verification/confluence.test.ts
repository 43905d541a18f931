import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Report } from './apply-report.ts';
import {
  HOUR_MS,
  input,
  opened,
  openStore,
  POLICY,
  progressed,
  requested,
  SECOND_MS,
  START_MS,
  type Store,
  verdict,
} from './store.test-support.ts';

const person = { source: 'urn:example:hr', externalId: 'E1' };
const NAMES = ['a', 'b', 'c'];
const attempt = fc.constantFrom(...NAMES);
const purposes = fc.constantFrom('callback', 'helpdesk-reset', 'transfer-approval');

/** One call succeeds or none does; the others bring telemetry, silence and one wrong secret. Nothing contradicts. */
const facts = fc
  .record({
    purpose: purposes,
    hasVerdict: fc.boolean(),
    matched: fc.subarray(['pin', 'voice']),
    failing: fc.option(attempt, { nil: undefined }),
    silent: fc.subarray(NAMES),
    calls: fc.array(
      fc.record({
        attempt,
        status: fc.constantFrom('queued' as const, 'ringing' as const, 'ended' as const),
      }),
      { maxLength: 5 },
    ),
  })
  .map(({ purpose, hasVerdict, matched, failing, silent, calls }): readonly Report[] => [
    requested({ purpose, person }),
    ...NAMES.map((name) => opened({ attempt: name })),
    ...matched.map((factor) => input({ step: `prompt ${factor}`, factor })),
    ...(hasVerdict ? [verdict({ method: 'voice+pin' })] : []),
    ...(failing === undefined
      ? []
      : [input({ attempt: failing, step: 'wrong', factor: 'otp', result: 'mismatch' })]),
    ...silent.map((name) => input({ attempt: name, step: 'silent', result: 'no_input' })),
    ...calls.map((data) => progressed(data)),
  ]);

const shuffled = facts.chain((all) =>
  fc.record({
    reports: fc.constant(all),
    again: fc
      .tuple(
        fc.shuffledSubarray([...all], { minLength: all.length }),
        fc.shuffledSubarray([...all], { maxLength: 4 }),
      )
      .map(([every, some]) => [...every, ...some]),
  }),
);

test('facts that do not contradict each other give one outcome in any order, reported once or twice', () => {
  fc.assert(
    fc.property(shuffled, ({ reports, again }) => {
      const isClaimed = reports.some(({ event }) => 'verdict' in event.data);
      const inOrder = outcomeAfter(reports);

      if (isClaimed) expect(inOrder).toMatchObject({ state: 'verified', decidedBy: 'a' });
      expect(inOrder).toMatchObject({ generation: 1, settledCount: 1 });
      expect(outcomeAfter(again)).toEqual(inOrder);
    }),
    { numRuns: 1000 },
  );
});

const checks = fc.array(
  fc.record({
    attempt,
    step: fc.constantFrom('1', '2', '3'),
    result: fc.constantFrom('match' as const, 'mismatch' as const, 'no_input' as const),
  }),
  { maxLength: 20 },
);

test('failures are the prompts of which the first result was a mismatch, up to the limit that locks', () => {
  fc.assert(
    fc.property(checks, (all) => {
      const store = openStore();
      store.processBatch([
        requested({ person }),
        ...NAMES.map((name) => opened({ attempt: name })),
      ]);

      store.processBatch(all.map((data) => input(data)));

      const first = new Map(all.toReversed().map((data) => [data.attempt + data.step, data]));
      const failedCount = [...first.values()].filter(({ result }) => result === 'mismatch').length;
      const isLocked = failedCount >= POLICY.maxFailures;
      expect(store.failures('urn:example:hr#E1', 'callback')).toBe(
        Math.min(failedCount, POLICY.maxFailures),
      );
      expect(store.verification().state).toBe(isLocked ? 'locked' : 'pending');
    }),
    { numRuns: 1000 },
  );
});

function outcomeAfter(reports: readonly Report[]): unknown {
  const store: Store = openStore();
  for (const [index, report] of reports.entries()) {
    store.process({ ...report, takenAtMs: START_MS + index * SECOND_MS });
  }
  store.sweep('v', HOUR_MS);
  const { state, attempt: decidedBy, channel, generation } = store.verification();
  return { state, decidedBy, channel, generation, settledCount: store.settled.length };
}
