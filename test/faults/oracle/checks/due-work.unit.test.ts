import { expect, test } from 'vitest';
import { soundWorld } from '../sound-world.ts';
import { dueWork } from './due-work.ts';

test.each([
  ['with a lease of a dead process', { overdueSeconds: 31, isForgotten: false }, 1],
  ['that only an older policy has tried', { overdueSeconds: -60, isForgotten: true }, 1],
  ['that comes again', { overdueSeconds: -60, isForgotten: false }, 0],
])('due work %s', (_, row, findings) => {
  const world = soundWorld();
  const rows = [{ kind: 'clock', itemId: 'x', ...row }];
  expect(dueWork({ ...world, evidence: { ...world.evidence, dueWork: rows } })).toHaveLength(
    findings,
  );
});
