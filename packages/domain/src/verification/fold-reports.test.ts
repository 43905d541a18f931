import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Report } from './apply-report.ts';
import { idsOf, reportSequences, type Steps } from './sequences.test-support.ts';
import {
  input,
  MINUTE_MS,
  opened,
  openStore,
  requested,
  START_MS,
  type Store,
} from './store.test-support.ts';

test('I3: however reports are divided into batches, states and outcomes are the same', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(reportSequences, sizes, (steps, batches) => {
      const reports = stampedReports(steps);
      const single = openStore();
      const batched = openStore();

      const one = reports.map((report) => single.process(report));
      const other = inBatches(reports, batches).flatMap((batch) => batched.processBatch(batch));

      expect(other).toEqual(one);
      expect(statesOf(batched, steps)).toEqual(statesOf(single, steps));
    }),
    { numRuns: 500 },
  );
});

test('two verifications of one person count their failures together within a batch', () => {
  const store = openStore();
  const asked = {
    person: { source: 'urn:example:hr', externalId: 'E1' },
    purpose: 'helpdesk-reset',
    maxFailures: 2,
  };

  store.processBatch([
    requested({ ...asked, verification: 'v' }),
    requested({ ...asked, verification: 'w' }),
    opened({ verification: 'v' }),
    opened({ verification: 'w' }),
    input({ verification: 'v', result: 'mismatch' }),
    input({ verification: 'w', result: 'mismatch' }),
  ]);

  expect(store.failures('urn:example:hr#E1', 'helpdesk-reset')).toBe(2);
  expect(store.verification('w').state).toBe('locked');
});

test('what time did not change has no outcome', () => {
  const store = openStore();
  store.processBatch([requested({ expiresAt: new Date(START_MS + MINUTE_MS).toISOString() })]);

  expect(store.sweep('v', 0)).toBeUndefined();
  expect(store.sweep('v', MINUTE_MS)?.settled?.outcome).toBe('expired');
  expect(store.sweep('v', MINUTE_MS)).toBeUndefined();
});

function stampedReports(steps: Steps): readonly Report[] {
  let atMs = START_MS;
  return steps.map(({ report, waitMs }) => {
    atMs += waitMs;
    return { ...report, takenAtMs: atMs };
  });
}

function inBatches(
  reports: readonly Report[],
  sizes: readonly number[],
): readonly (readonly Report[])[] {
  const batches = [];
  let from = 0;
  for (let at = 0; from < reports.length; at += 1) {
    const size = sizes[at % sizes.length] ?? 1;
    batches.push(reports.slice(from, from + size));
    from += size;
  }
  return batches;
}

function statesOf(store: Store, steps: Steps): unknown {
  return idsOf(steps).map((id) => [store.verification(id), store.attempts(id)]);
}
