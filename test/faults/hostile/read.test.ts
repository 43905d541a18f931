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
import { CANARY, wrapValue } from './corpus/texts.ts';
import { generatedDeliveries } from './grammar.ts';
import { INPUTS_COUNT, SEED } from './settings.ts';
import { measureSlowdown } from './slowdown.ts';
import { measureCpuMs } from './turns.ts';
import { WORST } from './worst.ts';

/** Limit for reading one delivery on the event loop. */
const READ_MAX_MS = 50;
const TRIES = 8;
const DEAD_LETTER_TEXT = /^\P{Control}+$/u;

const { sources } = loadPolicy(await readFile(EXAMPLE_POLICY_URL, 'utf8'));
// The reconciler does this before it reads its inputs.
for (const zone of Intl.supportedValuesOf('timeZone')) resolveMoment({ date: '2000-01-01', zone });

function read(delivery: RawDelivery, topic: InputTopic): Read {
  return readDelivery(delivery, topic, sources);
}

/** Expects that a rejection quotes nothing of the delivery. */
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
  // Only the database decides whether a time is ahead.
  const expected = becomes === 'TIME_AHEAD' ? 'event' : becomes;
  expect(result.kind === 'event' ? 'event' : result.rejection.code).toBe(expected);
  verifyClean(result, true);
});

test(`${INPUTS_COUNT} generated deliveries are each an event, or rejected without quoting their content (FAULTS_SEED=${SEED})`, () => {
  const counts = new Map<string, number>();
  fc.assert(
    fc.property(generatedDeliveries, ({ delivery, topic, changed }) => {
      const result = read(delivery, topic);
      const kind = result.kind === 'event' ? 'event' : result.rejection.code;
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
      verifyClean(result, !changed);
      expect(Object.getPrototypeOf({})).toBe(Object.prototype);
      expect(Object.keys(Object.prototype)).toEqual([]);
    }),
    { numRuns: INPUTS_COUNT, seed: SEED },
  );
  // A generator of invalid input only would test just the first check.
  for (const kind of [
    'event',
    'NOT_JSON',
    'NOT_CLOUDEVENTS',
    'CONTRACT_BROKEN',
    'SOURCE_NOT_ALLOWED',
  ]) {
    expect(counts.get(kind) ?? 0, kind).toBeGreaterThan(INPUTS_COUNT / 100);
  }
}, 3_600_000);

test.each(WORST)(`256 KiB of %s are read in less than ${READ_MAX_MS} ms`, (what, make) => {
  let best = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < TRIES; tries += 1) {
    const delivery = wrapValue(make(`w${tries}`));
    const cpuMs = measureCpuMs(() => {
      verifyClean(read(delivery, 'workforce-events'), true);
    });
    best = Math.min(best, cpuMs / measureSlowdown());
  }
  console.log(`${best.toFixed(1)} ms: ${what}`);
  expect(best).toBeLessThan(READ_MAX_MS);
});
