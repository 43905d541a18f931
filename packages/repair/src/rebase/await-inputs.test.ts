import { expect, test } from 'vitest';
import { findLags, type InputEnds } from './await-inputs.ts';

function ends(topic: string, ...logs: readonly (readonly [bigint, bigint])[]): InputEnds {
  return { topic, logs: new Map(logs.map(([start, end], at) => [at, { start, end }])) };
}

function position(partition: number, nextOffset: bigint, stoppedCode: string | null = null) {
  return { topic: 'hr', partition, nextOffset, stoppedCode };
}

test('a partition that is processed to its end, or empty, does not lag', () => {
  const logs = ends('hr', [0n, 7n], [0n, 7n], [9n, 9n]);

  expect(findLags([logs], [position(0, 7n), position(1, 8n)])).toEqual([]);
});

test('an unread partition, a partly processed one and a stopped one lag', () => {
  const logs = ends('hr', [2n, 7n], [0n, 7n], [0n, 7n]);

  expect(findLags([logs], [position(1, 6n), position(2, 3n, 'LOG_DIFFERS')])).toEqual([
    { what: 'hr/0: taken to 2 of 7', canEnd: true },
    { what: 'hr/1: taken to 6 of 7', canEnd: true },
    { what: 'hr/2: taken to 3 of 7; it has stopped: LOG_DIFFERS', canEnd: false },
  ]);
});

test('a stopped partition lags even if its position is after the end of a recreated log', () => {
  expect(findLags([ends('hr', [0n, 7n])], [position(0, 9n, 'LOG_ENDS_BEFORE')])).toEqual([
    { what: 'hr/0: taken to 9 of 7; it has stopped: LOG_ENDS_BEFORE', canEnd: false },
  ]);
});

test('waiting does not help for a topic that does not exist', () => {
  expect(findLags([{ topic: 'hr', logs: undefined }], [])).toEqual([
    { what: 'hr: there is no such topic, or we may not see it', canEnd: false },
  ]);
});
