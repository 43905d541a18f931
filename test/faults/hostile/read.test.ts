import { readFile } from 'node:fs/promises';
import {
  type InputTopic,
  type RawDelivery,
  type Read,
  readDelivery,
  resolveMoment,
} from '@latchkey/contracts';
import { EXAMPLE_POLICY_URL, loadPolicy } from '@latchkey/domain';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CORPUS } from './corpus/corpus.ts';
import { bare, CANARY } from './corpus/texts.ts';
import { madeUp } from './grammar.ts';
import { paceOfMachine } from './pace.ts';
import { INPUTS_COUNT, SEED } from './settings.ts';
import { ownMs } from './turns.ts';
import { WORST } from './worst.ts';

/** What reading one delivery may take of the event loop. */
const READ_MAX_MS = 50;
const TRIES = 8;
const DEAD_LETTER_TEXT = /^\P{Control}+$/u;

const { sources } = loadPolicy(await readFile(EXAMPLE_POLICY_URL, 'utf8'));
// As the reconciler does before it takes anything.
for (const zone of Intl.supportedValuesOf('timeZone')) resolveMoment({ date: '2000-01-01', zone });

function read(delivery: RawDelivery, topic: InputTopic): Read {
  return readDelivery(delivery, topic, sources);
}

/** Nothing that came is in what people and other systems are told of it. */
function verifyClean(result: Read, names: boolean): void {
  if (result.kind === 'event') return;
  const { code, field = 'value', cause } = result.rejection;
  expect(code).toMatch(/^[A-Z0-9_]+$/);
  expect(field).toMatch(DEAD_LETTER_TEXT);
  expect(field.length).toBeLessThanOrEqual(256);
  expect(cause).toMatch(DEAD_LETTER_TEXT);
  expect(cause.length).toBeLessThanOrEqual(300);
  expect(cause).not.toContain(CANARY);
  if (names) expect(field).not.toContain(CANARY);
}

test.each(CORPUS)('$becomes: $why', ({ delivery, topic, becomes }) => {
  const result = read(delivery, topic);
  // That a time lies ahead only the database can say.
  const expected = becomes === 'TIME_AHEAD' ? 'event' : becomes;
  expect(result.kind === 'event' ? 'event' : result.rejection.code).toBe(expected);
  verifyClean(result, true);
});

test(`${INPUTS_COUNT} made-up deliveries are each an event or rejected without a word of theirs (FAULTS_SEED=${SEED})`, () => {
  const became = new Map<string, number>();
  fc.assert(
    fc.property(madeUp, ({ delivery, topic, changed }) => {
      const result = read(delivery, topic);
      const kind = result.kind === 'event' ? 'event' : result.rejection.code;
      became.set(kind, (became.get(kind) ?? 0) + 1);
      verifyClean(result, !changed);
      expect(Object.getPrototypeOf({})).toBe(Object.prototype);
      expect(Object.keys(Object.prototype)).toEqual([]);
    }),
    { numRuns: INPUTS_COUNT, seed: SEED },
  );
  // A generator of nothing but rubbish would test the first check only.
  for (const kind of [
    'event',
    'NOT_JSON',
    'NOT_CLOUDEVENTS',
    'CONTRACT_BROKEN',
    'SOURCE_NOT_ALLOWED',
  ]) {
    expect(became.get(kind) ?? 0, kind).toBeGreaterThan(INPUTS_COUNT / 100);
  }
}, 3_600_000);

test.each(WORST)(`256 KiB of %s are read in less than ${READ_MAX_MS} ms`, (what, make) => {
  let best = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < TRIES; tries += 1) {
    const delivery = bare(make(`w${tries}`));
    const tookMs = ownMs(() => {
      verifyClean(read(delivery, 'workforce-events'), true);
    });
    best = Math.min(best, tookMs / paceOfMachine());
  }
  console.log(`${best.toFixed(1)} ms: ${what}`);
  expect(best).toBeLessThan(READ_MAX_MS);
});
