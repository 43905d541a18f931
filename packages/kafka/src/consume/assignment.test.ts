import { expect, test } from 'vitest';
import { Assignment } from './assignment.ts';

test('a partition is ours from its assignment to the next', () => {
  const assignment = new Assignment();
  const [before] = assignment.replace({ t: [0] });
  const [after] = assignment.replace({ t: [0] });
  expect(before).toMatchObject({ topic: 't', partition: 0, isOurs: false });
  expect(after).toMatchObject({ topic: 't', partition: 0, isOurs: true, status: 'locating' });
  expect(assignment.find('t', 0)).toBe(after);
  expect(assignment.find('t', 1)).toBeUndefined();
});

test('work may go on until a rebalance is announced, and again after it', () => {
  const assignment = new Assignment();
  const [before] = assignment.replace({ t: [0] });
  if (before === undefined) throw new Error('not assigned');
  expect(assignment.mayWork(before)).toBe(true);
  assignment.end();
  expect(assignment.mayWork(before)).toBe(false);
  const [after] = assignment.replace({ t: [0] });
  if (after === undefined) throw new Error('not assigned');
  expect(assignment.mayWork(before)).toBe(false);
  expect(assignment.mayWork(after)).toBe(true);
});

test('once closed no assignment is worked on, and closing waits for batches of all assignments', async () => {
  const assignment = new Assignment();
  const [held] = assignment.replace({ t: [0] });
  if (held === undefined) throw new Error('not assigned');
  const inHand = Promise.withResolvers<undefined>();
  assignment.takeInHand(
    held,
    inHand.promise.then(() => undefined),
  );
  const [next] = assignment.replace({ t: [0] });
  expect(next?.taking).toBe(held.taking);
  assignment.replace({});
  let isClosed = false;
  const closing = assignment.close().then(() => {
    isClosed = true;
  });
  const [late] = assignment.replace({ t: [0] });
  expect(late !== undefined && assignment.mayWork(late)).toBe(false);
  expect(isClosed).toBe(false);
  inHand.resolve(undefined);
  await closing;
});
