import { expect, test } from 'vitest';
import { Assignment } from './assignment.ts';

test('a partition is leased from its assignment to the next', () => {
  const assignment = new Assignment();
  const [before] = assignment.replace({ t: [0] });
  const [after] = assignment.replace({ t: [0] });
  expect(before).toMatchObject({ topic: 't', partition: 0, isLeased: false });
  expect(after).toMatchObject({ topic: 't', partition: 0, isLeased: true, status: 'locating' });
  expect(assignment.find('t', 0)).toBe(after);
  expect(assignment.find('t', 1)).toBeUndefined();
});

test('a partition is active until a rebalance is announced, and again after it', () => {
  const assignment = new Assignment();
  const [before] = assignment.replace({ t: [0] });
  if (before === undefined) throw new Error('not assigned');
  expect(assignment.isActive(before)).toBe(true);
  assignment.end();
  expect(assignment.isActive(before)).toBe(false);
  const [after] = assignment.replace({ t: [0] });
  if (after === undefined) throw new Error('not assigned');
  expect(assignment.isActive(before)).toBe(false);
  expect(assignment.isActive(after)).toBe(true);
});

test('no partition is active after closing, and closing waits for batches of all assignments', async () => {
  const assignment = new Assignment();
  const [leased] = assignment.replace({ t: [0] });
  if (leased === undefined) throw new Error('not assigned');
  const batch = Promise.withResolvers<undefined>();
  assignment.track(
    leased,
    batch.promise.then(() => undefined),
  );
  const [next] = assignment.replace({ t: [0] });
  expect(next?.processing).toBe(leased.processing);
  assignment.replace({});
  let isClosed = false;
  const closing = assignment.close().then(() => {
    isClosed = true;
  });
  const [late] = assignment.replace({ t: [0] });
  expect(late !== undefined && assignment.isActive(late)).toBe(false);
  expect(isClosed).toBe(false);
  batch.resolve(undefined);
  await closing;
});
