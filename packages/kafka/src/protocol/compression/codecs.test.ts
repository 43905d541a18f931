import { gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { codecOf } from './codecs.ts';
import { packLz4 } from './lz4.ts';
import { packSnappy } from './snappy.ts';

const NAMES = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
const COMPRESSED = NAMES.map((name, index) => ({ name, index })).slice(1);
const TEXTS = [
  Buffer.alloc(0),
  Buffer.from('one event'),
  Buffer.from(JSON.stringify(Array.from({ length: 20_000 }, (_, index) => ({ index })))),
];
const MIB = 1024 * 1024;

test.for(COMPRESSED)('$name unpacks what it packed', async ({ index }) => {
  const codec = codecOf(index);
  for (const text of TEXTS) {
    const unpacked = await codec.decompress(await codec.compress(text), MIB);
    expect(unpacked.equals(text)).toBe(true);
  }
});

test.for(COMPRESSED)('$name refuses a bomb', async ({ index }) => {
  const codec = codecOf(index);
  const bomb = await codec.compress(Buffer.alloc(64 * MIB));
  await expect(codec.decompress(bomb, MIB)).rejects.toThrow();
  const enough = await codec.decompress(await codec.compress(Buffer.alloc(MIB)), MIB);
  expect(enough).toHaveLength(MIB);
});

test.for(COMPRESSED)('$name refuses bytes that it cannot unpack', async ({ index }) => {
  const codec = codecOf(index);
  const packed = await codec.compress(Buffer.from('some text that is long enough to be cut'));
  await expect(codec.decompress(Buffer.from('no such thing at all'), MIB)).rejects.toThrow();
  await expect(codec.decompress(packed.subarray(0, packed.length / 2), MIB)).rejects.toThrow();
});

test('an unknown codec is refused', () => {
  expect(() => codecOf(5)).toThrow(RangeError);
});

test('codecs have the numbers of the wire format', async () => {
  const text = Buffer.from('text');
  const packed = [
    text,
    gzipSync(text),
    packSnappy(text),
    await packLz4(text),
    zstdCompressSync(text),
  ];
  const unpacked = await Promise.all(
    packed.map((bytes, number) => codecOf(number).decompress(bytes, MIB)),
  );
  expect(unpacked.map(String)).toEqual(packed.map(() => 'text'));
});
