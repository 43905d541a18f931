import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openKept } from './kept.ts';
import { recallOrRun } from './kept-rows.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-kept-'));
});
afterEach(() => rm(folder, { recursive: true }));

const fileIn = (): string => join(folder, 'below', 'kept.jsonl');
const row = (failed: number) => ({ what: 'a case', tried: 1, failed, figure: '' });

test('a passed case is not run again with the same sources', async () => {
  const first = await openKept(fileIn(), 'digest', false);
  await recallOrRun(first.part('sweep'), 'one', () => Promise.resolve(row(0)));
  const second = await openKept(fileIn(), 'digest', false);

  const tries: string[] = [];
  const again = await recallOrRun(second.part('sweep'), 'one', () => {
    tries.push('one');
    return Promise.resolve(row(0));
  });

  expect([first.run, second.run, tries]).toEqual([1, 2, []]);
  expect(again).toEqual(row(0));
});

test('a failed case, and a case with the same name in another part, runs again', async () => {
  const first = await openKept(fileIn(), 'digest', false);
  await recallOrRun(first.part('sweep'), 'one', () => Promise.resolve(row(1)));
  await recallOrRun(first.part('planted'), 'two', () => Promise.resolve(row(0)));

  const second = await openKept(fileIn(), 'digest', false);
  expect(second.part('sweep').recall('one')).toBeUndefined();
  expect(second.part('sweep').recall('two')).toBeUndefined();
});

test('other sources and a fresh start discard the results', async () => {
  const first = await openKept(fileIn(), 'digest', false);
  await first.part('sweep').keep('one', {});

  expect((await openKept(fileIn(), 'other', false)).part('sweep').recall('one')).toBeUndefined();
  const third = await openKept(fileIn(), 'other', false);
  await third.part('sweep').keep('one', {});
  const fresh = await openKept(fileIn(), 'other', true);
  expect([third.run, fresh.run]).toEqual([2, 1]);
  expect(fresh.part('sweep').recall('one')).toBeUndefined();
});

test('an incomplete last line of a killed run is ignored', async () => {
  const first = await openKept(fileIn(), 'digest', false);
  await first.part('sweep').keep('one', { passed: true });
  const text = await readFile(fileIn(), 'utf8');
  await writeFile(fileIn(), `${text}{"part":"sweep","na`);

  const second = await openKept(fileIn(), 'digest', false);
  expect(second.part('sweep').recall('one')).toEqual({ passed: true });
});

test('the duration of a part is the sum over all runs', async () => {
  const first = await openKept(fileIn(), 'digest', false);
  await first.part('sweep').keep('one', {});
  await first.part('planted').spent();
  const tookMs = first.part('sweep').tookMs();
  await writeFile(
    fileIn(),
    `${await readFile(fileIn(), 'utf8')}${JSON.stringify({ part: 'sweep', spentMs: 60_000 })}\n`,
  );

  const second = await openKept(fileIn(), 'digest', false);
  expect(second.part('sweep').tookMs()).toBe(tookMs + 60_000);
});
