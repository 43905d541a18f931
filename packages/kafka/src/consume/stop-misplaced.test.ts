import { expect, test } from 'vitest';
import type { KafkaLog } from '../connection/kafka-log.ts';
import { Assignment, type LeasedPartition } from './assignment.ts';
import type { ReadPosition } from './partition-reading.ts';
import { stopMisplaced } from './stop-misplaced.ts';

test('partitions whose position went back are paused until located; the others continue', async () => {
  const { first, second, asked, paused, ask } = readingTwo();
  const asking = ask();
  expect(asked).toEqual([
    { topic: 't', partition: 0, nextOffset: 7n },
    { topic: 't', partition: 1, nextOffset: 7n },
  ]);
  asking.answer([{ topic: 't', partition: 1 }]);
  await asking.done;
  expect([first.status, second.status]).toEqual(['reading', 'stopped']);
  expect(paused).toEqual([second]);
});

test('a partition that advanced before the answer is not stopped', async () => {
  const { first, second, paused, ask } = readingTwo();
  const asking = ask();
  first.nextOffset = 8n;
  second.status = 'processing';
  asking.answer(BOTH);
  await asking.done;
  expect([first.status, second.status]).toEqual(['reading', 'processing']);
  expect(paused).toEqual([]);
});

test('partitions of another assignment are not stopped, nor any during a rebalance', async () => {
  const { assignment, second, paused, ask } = readingTwo();
  const asking = ask();
  const [first] = assignment.replace({ t: [0] });
  if (first === undefined) throw new Error('not assigned');
  // The same state, but another assignment.
  Object.assign(first, { status: 'reading', nextOffset: 7n });
  asking.answer(BOTH);
  await asking.done;
  expect([first.status, second.status]).toEqual(['reading', 'reading']);

  const again = ask();
  assignment.end();
  again.answer(BOTH);
  await again.done;
  expect(first.status).toBe('reading');
  expect(paused).toEqual([]);
});

test('the reader is asked only about partitions that are reading, if there are any', async () => {
  const { first, second, asked, ask } = readingTwo();
  first.status = 'stopped';
  const asking = ask();
  expect(asked).toEqual([{ topic: 't', partition: 1, nextOffset: 7n }]);
  asking.answer(BOTH);
  await asking.done;
  expect([first.status, second.status]).toEqual(['stopped', 'stopped']);
  asked.length = 0;
  await ask().done;
  expect(asked).toEqual([]);
});

test('a failed check changes nothing and does not reject', async () => {
  const { first, second, paused, ask } = readingTwo();
  const asking = ask();
  asking.fail(new Error('the database is unreachable'));
  await asking.done;
  expect([first.status, second.status]).toEqual(['reading', 'reading']);
  expect(paused).toEqual([]);
});

test('a reader without the method is read on', async () => {
  const { first, assignment, control } = readingTwo();
  await stopMisplaced({ assignment, control, reading: {}, log: SILENT });
  expect(first.status).toBe('reading');
});

const BOTH = [
  { topic: 't', partition: 0 },
  { topic: 't', partition: 1 },
];

const ignore = (): void => undefined;
const SILENT: KafkaLog = { debug: ignore, info: ignore, warn: ignore, error: ignore };

type Answer = readonly Pick<ReadPosition, 'topic' | 'partition'>[];

/** Two partitions that are reading, both from offset 7. */
function readingTwo() {
  const assignment = new Assignment();
  const [first, second] = assignment.replace({ t: [0, 1] });
  if (first === undefined || second === undefined) throw new Error('not assigned');
  for (const leased of [first, second])
    Object.assign(leased, { status: 'reading', nextOffset: 7n });
  const asked: ReadPosition[] = [];
  const paused: LeasedPartition[] = [];
  const control = {
    pause: (partitions: readonly LeasedPartition[]) => paused.push(...partitions),
    resume: ignore,
    seek: ignore,
  };
  const ask = () => {
    const answer = Promise.withResolvers<Answer>();
    const misplaced = (positions: readonly ReadPosition[]): Promise<Answer> => {
      asked.push(...positions);
      return answer.promise;
    };
    const done = stopMisplaced({ assignment, control, reading: { misplaced }, log: SILENT });
    return { answer: answer.resolve, fail: answer.reject, done };
  };
  return { assignment, control, first, second, asked, paused, ask };
}
