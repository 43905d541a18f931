import { expect, test } from 'vitest';
import { ByteReader } from './byte-reader.ts';

test.for([
  [[0x00], 0],
  [[0x01], -1],
  [[0x02], 1],
  [[0x7f], -64],
  [[0x80, 0x01], 64],
  [[0xfe, 0xff, 0xff, 0xff, 0x0f], 2_147_483_647],
  [[0xff, 0xff, 0xff, 0xff, 0x0f], -2_147_483_648],
] as const)('%j is the number %i', ([bytes, expected]) => {
  expect(new ByteReader(Buffer.from(bytes)).varint()).toBe(expected);
  expect(new ByteReader(Buffer.from(bytes)).varlong()).toBe(expected);
});

test('numbers of 64 bits are exact up to 2^53, also below zero', () => {
  const zigzag = (value: bigint): Buffer => {
    const bytes: number[] = [];
    let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
    for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
    return Buffer.from([...bytes, Number(rest)]);
  };
  for (const value of [2n ** 53n, -(2n ** 53n), 1_766_000_000_000n]) {
    expect(new ByteReader(zigzag(value)).varlong()).toBe(Number(value));
  }
  expect(new ByteReader(zigzag(-(2n ** 63n))).varlong()).toBe(-(2 ** 63));
});

test('nothing is read past the end or beyond the size of a number', () => {
  const endless = Buffer.alloc(20, 0xff);
  expect(() => new ByteReader(endless).varint()).toThrow(RangeError);
  expect(() => new ByteReader(endless).varlong()).toThrow(RangeError);
  expect(() => new ByteReader(Buffer.of(0x80)).varint()).toThrow(RangeError);
  expect(() => new ByteReader(Buffer.of(1, 2)).int32()).toThrow(RangeError);
  expect(() => new ByteReader(Buffer.of(1, 2)).bytes(3)).toThrow(RangeError);
  expect(() => new ByteReader(Buffer.of(1, 2)).bytes(-2)).toThrow(RangeError);
  expect(new ByteReader(Buffer.of(1, 2)).bytes(-1)).toBeNull();
});
