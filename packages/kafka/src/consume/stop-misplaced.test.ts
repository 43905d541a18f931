import { expect, test } from 'vitest';
import type { KafkaLog } from '../kafka-log.ts';
import { Assignment, type HeldPartition } from './assignment.ts';
import type { ReadPlace } from './partition-reading.ts';
import { stopMisplaced } from './stop-misplaced.ts';

test('partitions whose reader went back are paused, to be located again; the others read on', async () => {
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

test('what was taken after the question is not stopped by its answer', async () => {
  const { first, second, paused, ask } = readingTwo();
  const asking = ask();
  first.nextOffset = 8n;
  second.status = 'taking';
  asking.answer(BOTH);
  await asking.done;
  expect([first.status, second.status]).toEqual(['reading', 'taking']);
  expect(paused).toEqual([]);
});

test('partitions that were shared out anew meanwhile are not stopped, nor any during a rebalance', async () => {
  const { assignment, second, paused, ask } = readingTwo();
  const asking = ask();
  const [first] = assignment.replace({ t: [0] });
  if (first === undefined) throw new Error('not assigned');
  // As it was before: it is another assignment all the same.
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

test('the reader is asked only about partitions whose next batch is wanted, and not about none', async () => {
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

test('a question that fails changes nothing and is no error', async () => {
  const { first, second, paused, ask } = readingTwo();
  const asking = ask();
  asking.fail(new Error('the database is away'));
  await asking.done;
  expect([first.status, second.status]).toEqual(['reading', 'reading']);
  expect(paused).toEqual([]);
});

test('a reader that does not say where it stands is read on', async () => {
  const { first, assignment, control } = readingTwo();
  await stopMisplaced({ assignment, control, reading: {}, log: SILENT });
  expect(first.status).toBe('reading');
});

const BOTH = [
  { topic: 't', partition: 0 },
  { topic: 't', partition: 1 },
];

const said = (): void => undefined;
const SILENT: KafkaLog = { debug: said, info: said, warn: said, error: said };

type Answer = readonly Pick<ReadPlace, 'topic' | 'partition'>[];

/** Two partitions that are read, both at offset 7. */
function readingTwo() {
  const assignment = new Assignment();
  const [first, second] = assignment.replace({ t: [0, 1] });
  if (first === undefined || second === undefined) throw new Error('not assigned');
  for (const held of [first, second]) Object.assign(held, { status: 'reading', nextOffset: 7n });
  const asked: ReadPlace[] = [];
  const paused: HeldPartition[] = [];
  const control = {
    pause: (partitions: readonly HeldPartition[]) => paused.push(...partitions),
    resume: said,
    seek: said,
  };
  const ask = () => {
    const answer = Promise.withResolvers<Answer>();
    const misplaced = (places: readonly ReadPlace[]): Promise<Answer> => {
      asked.push(...places);
      return answer.promise;
    };
    const done = stopMisplaced({ assignment, control, reading: { misplaced }, log: SILENT });
    return { answer: answer.resolve, fail: answer.reject, done };
  };
  return { assignment, control, first, second, asked, paused, ask };
}
