import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crc32c } from '../protocol/crc32c.ts';
import { type ProducedMessage, RecordEncoder } from '../protocol/encoded-records.ts';
import { encodeProduce, type ProduceRequest } from '../protocol/produce-request.ts';
import { decodeRecordSet } from '../protocol/record-set.ts';
import { requirePinned } from './require-pinned.ts';

interface TheirRequest {
  readonly encode: () => Promise<{ readonly buffer: Buffer }>;
}

/** kafkajs' encoder and checksum. */
const theirRequest = requirePinned('src/protocol/requests/produce/v7/request.js') as (
  request: object,
) => TheirRequest;
const theirChecksum = requirePinned('src/protocol/recordBatch/crc32C/index.js') as (
  bytes: Buffer,
) => number;

const NOW_MS = 1_795_000_000_123;
const HEAD = {
  acks: -1,
  timeout: 30_000,
  transactionalId: 'latchkey-relay.tëst',
  producerId: '9007199254740993',
  producerEpoch: 7,
};

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 70 }),
  fc.string({ unit: 'binary-ascii', maxLength: 200 }),
  // Around lengths that need one more byte.
  fc.constantFrom(63, 64, 8_191, 8_192, 9_000).map((length) => 'x'.repeat(length)),
  fc.constantFrom('é'.repeat(40), '€'.repeat(3_000), '\u{1f511}', '\ud800'),
);
const content = fc.oneof(
  text,
  fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
);
const message = fc.record({
  key: fc.option(content),
  value: fc.option(content),
  headers: fc.dictionary(text, content, { maxKeys: 12 }),
});

test('our encoder writes the same bytes as kafkajs', async () => {
  const encoder = new RecordEncoder();
  const messages = fc.array(message, { minLength: 1, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(messages, fc.nat(), async (batch, firstSequence) => {
      const ours = bytesOf(encoder, batch, firstSequence);
      // Compared by Buffer: vitest would need seconds.
      expect(ours.equals(await theirs(batch, firstSequence))).toBe(true);
    }),
  );
});

test('the memory of the encoder grows with many large messages', async () => {
  const batch = Array.from({ length: 300 }, (_, index) => ({
    key: `k${index}`,
    value: 'v'.repeat(index * 40),
    headers: {},
  }));
  expect(bytesOf(new RecordEncoder(), batch, 0).equals(await theirs(batch, 0))).toBe(true);
});

test('our decoder reads what our encoder wrote', async () => {
  const batch = [{ key: 'k', value: 'välue', headers: { a: 'first', __proto: 'x' } }];
  const { bytes, length } = new RecordEncoder().encode(3, batch);
  expect(length).toBe(1);
  const request = bytesOf(new RecordEncoder(), batch, 0);
  const set = request.subarray(request.length - bytes.length - 61);
  const [read] = await decodeRecordSet(set, []);
  expect(read?.record).toEqual({
    offset: 0n,
    timestampMs: NOW_MS,
    key: Buffer.from('k'),
    value: Buffer.from('välue'),
    headers: [
      ['a', Buffer.from('first')],
      ['__proto', Buffer.from('x')],
    ],
  });
});

test('our checksum equals that of kafkajs at any alignment, and in parts', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(9), fc.nat(200), (of, from, cut) => {
      const bytes = Buffer.from(of).subarray(from);
      expect(crc32c(bytes)).toBe(theirChecksum(bytes));
      expect(crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut)))).toBe(crc32c(bytes));
    }),
  );
});

function bytesOf(
  encoder: RecordEncoder,
  batch: readonly ProducedMessage[],
  firstSequence: number,
): Buffer {
  const messages = encoder.encode(2, batch);
  const partitions = [{ partition: 2, firstSequence, messages }];
  const request: ProduceRequest = { ...HEAD, topicData: [{ topic: 'tópic', partitions }] };
  const { buffer } = encodeProduce(request, NOW_MS);
  const target = Buffer.alloc(buffer.length + 1);
  expect(buffer.copy(target, 1)).toBe(buffer.length);
  return target.subarray(1);
}

async function theirs(batch: readonly ProducedMessage[], firstSequence: number): Promise<Buffer> {
  const messages = batch.map((one) => ({ ...one, timestamp: NOW_MS }));
  const partitions = [{ partition: 2, firstSequence, messages }];
  const request = { ...HEAD, topicData: [{ topic: 'tópic', partitions }] };
  return (await theirRequest(request).encode()).buffer;
}
