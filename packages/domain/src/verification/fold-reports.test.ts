import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Report } from './apply-report.ts';
import {
  type Desk,
  input,
  MINUTE_MS,
  openDesk,
  opened,
  requested,
  START_MS,
} from './desk.test-support.ts';
import { idsOf, type Steps, story } from './story.test-support.ts';

test('I3: however reports are divided into batches, states and outcomes are the same', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(story, sizes, (steps, batches) => {
      const reports = stampedReports(steps);
      const single = openDesk();
      const batched = openDesk();

      const one = reports.map((report) => single.take(report));
      const other = inBatches(reports, batches).flatMap((batch) => batched.takeAll(batch));

      expect(other).toEqual(one);
      expect(statesOf(batched, steps)).toEqual(statesOf(single, steps));
    }),
    { numRuns: 500 },
  );
});

test('two verifications of one person count their failures together within a batch', () => {
  const desk = openDesk();
  const asked = {
    person: { source: 'urn:example:hr', externalId: 'E1' },
    purpose: 'helpdesk-reset',
    maxFailures: 2,
  };

  desk.takeAll([
    requested({ ...asked, verification: 'v' }),
    requested({ ...asked, verification: 'w' }),
    opened({ verification: 'v' }),
    opened({ verification: 'w' }),
    input({ verification: 'v', result: 'mismatch' }),
    input({ verification: 'w', result: 'mismatch' }),
  ]);

  expect(desk.failures('urn:example:hr#E1', 'helpdesk-reset')).toBe(2);
  expect(desk.verification('w').state).toBe('locked');
});

test('what time did not change has no outcome', () => {
  const desk = openDesk();
  desk.takeAll([requested({ expiresAt: new Date(START_MS + MINUTE_MS).toISOString() })]);

  expect(desk.sweep('v', 0)).toBeUndefined();
  expect(desk.sweep('v', MINUTE_MS)?.settled?.outcome).toBe('expired');
  expect(desk.sweep('v', MINUTE_MS)).toBeUndefined();
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

function statesOf(desk: Desk, steps: Steps): unknown {
  return idsOf(steps).map((id) => [desk.verification(id), desk.attempts(id)]);
}
