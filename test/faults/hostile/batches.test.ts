import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { codecOf } from '../../../packages/kafka/src/protocol/compression/codecs.ts';
import { decodeRecordSet } from '../../../packages/kafka/src/protocol/record-set.ts';
import { type BatchFields, batch, record } from './batches.ts';
import { makeBombs } from './bombs.ts';
import { INPUTS_COUNT, SEED } from './settings.ts';
import { measureSlowdown } from './slowdown.ts';

const CHILD = fileURLToPath(new URL('decode-in-child.ts', import.meta.url));
/** Heap limit of the child. Node itself and buffers come on top of it. */
const HEAP_MAX_MIB = 256;
const DECODING_MAX_MIB = 600;
const TURN_MAX_MS = 50;
const CODECS = 5;

const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((some) => Buffer.from(some));
const records = fc.array(
  fc.record({
    key: fc.option(bytes(4)),
    value: fc.option(bytes(64)),
    headers: fc.array(fc.tuple(bytes(4), fc.option(bytes(4))), { maxLength: 3 }),
  }),
  { maxLength: 6 },
);
/** Wrong header fields; most fields stay right. */
const wrongFields: fc.Arbitrary<Partial<BatchFields>> = fc.record(
  {
    lastOffsetDelta: fc.constantFrom(-1, 0, 5, 2 ** 31 - 1, -(2 ** 31)),
    count: fc.constantFrom(-1, 0, 1, 7, 100_000, 2 ** 31 - 1),
    format: fc.constantFrom(0, 1, 3, -1),
    length: fc.constantFrom(-1, 0, 3, 48, 49, 60, 2 ** 31 - 1),
    attributes: fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 }),
    producerId: fc.constantFrom(-1n, 0n, 2n ** 63n - 1n),
  },
  { requiredKeys: [] },
);
const damage = fc.array(
  fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(255), fc.constantFrom('flip', 'cut')),
  { maxLength: 3 },
);
const generatedBatch = fc.record({
  records,
  codec: fc.nat(CODECS - 1),
  wrongFields: fc.oneof(
    { weight: 2, arbitrary: fc.constant({}) },
    { weight: 1, arbitrary: wrongFields },
  ),
  packedDamage: fc.oneof(
    { weight: 1, arbitrary: fc.constant([]) },
    { weight: 2, arbitrary: damage },
  ),
  setDamage: fc.oneof({ weight: 5, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: damage }),
});

function applyDamage(
  whole: Buffer,
  places: readonly (readonly [number, number, string])[],
): Buffer {
  let result = Buffer.from(whole);
  for (const [at, byte, kind] of places) {
    const place = Math.floor(at * result.length);
    if (kind === 'cut') result = result.subarray(0, place);
    else if (place < result.length) result[place] = byte;
  }
  return result;
}

const GOOD = batch({ baseOffset: 0n }, record(0), 1);

test(`${INPUTS_COUNT} generated record batches decode to records or are unreadable (FAULTS_SEED=${SEED})`, async () => {
  const outcomes = { records: 0, unreadable: 0, cutOff: 0 };
  await fc.assert(
    fc.asyncProperty(generatedBatch, async ({ codec, setDamage, packedDamage, ...drawn }) => {
      const written = Buffer.concat(drawn.records.map((fields, delta) => record(delta, fields)));
      const packed = applyDamage(await codecOf(codec).compress(written), packedDamage);
      const fields = { baseOffset: 1n, attributes: codec, ...drawn.wrongFields };
      const set = applyDamage(batch(fields, packed, drawn.records.length), setDamage);
      const messages = await decodeRecordSet(Buffer.concat([GOOD, set]), []);
      expect(messages[0]?.record.offset).toBe(0n);
      const bad = messages.filter(({ unreadable }) => unreadable !== undefined);
      expect(bad.length).toBeLessThanOrEqual(1);
      if (bad.length === 1) {
        const { firstOffset = 0n, lastOffset = 0n, cause } = messages.at(-1)?.unreadable ?? {};
        expect(lastOffset).toBeGreaterThanOrEqual(firstOffset);
        expect(cause).toMatch(/^\P{Control}{3,200}$/u);
        outcomes.unreadable += 1;
      } else if (messages.length === 1) outcomes.cutOff += 1;
      else outcomes.records += 1;
    }),
    { numRuns: INPUTS_COUNT, seed: SEED },
  );
  for (const [kind, count] of Object.entries(outcomes)) {
    expect(count, kind).toBeGreaterThan(INPUTS_COUNT / 100);
  }
}, 3_600_000);

test(`no bomb uses more than ${DECODING_MAX_MIB} MiB or blocks the event loop for ${TURN_MAX_MS} ms`, async () => {
  const bombs = await makeBombs();
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-bombs-'));
  const file = join(folder, 'sets');
  await writeFile(file, bombs.map(([, set]) => set.toString('base64')).join('\n'));
  const heap = `--max-old-space-size=${HEAP_MAX_MIB}`;
  const options = { maxBuffer: 2 ** 26 };
  const { stdout } = await promisify(execFile)(process.execPath, [heap, CHILD, file], options);
  await rm(folder, { recursive: true });
  const slowdown = measureSlowdown();
  const lines = stdout.trim().split('\n');
  expect(lines).toHaveLength(bombs.length);
  for (const [index, [what, set]] of bombs.entries()) {
    const line = lines[index] ?? '{}';
    const { turnMs, maxRssMib } = JSON.parse(line) as Decoded;
    if (!what.includes('2^60') || index % 64 === 0)
      console.log(`${what}, ${set.length} bytes: ${line}`);
    expect(maxRssMib, what).toBeLessThan(DECODING_MAX_MIB);
    expect(turnMs, what).toBeLessThan(TURN_MAX_MS * slowdown);
  }
}, 120_000);

interface Decoded {
  readonly turnMs: number;
  readonly maxRssMib: number;
}
