import { KafkaJSNonRetriableError, KafkaJSProtocolError } from 'kafkajs';
import { expect, test } from 'vitest';
import { isFenced } from './is-fenced.ts';

function protocolError(type: string, code: number): Error {
  return new KafkaJSProtocolError(Object.assign(new Error(type), { type, code, retriable: false }));
}

test('an invalid producer epoch means fenced, at any depth of causes', () => {
  const fenced = protocolError('INVALID_PRODUCER_EPOCH', 47);

  expect(isFenced(fenced)).toBe(true);
  expect(isFenced(Object.assign(new KafkaJSNonRetriableError(fenced), { cause: fenced }))).toBe(
    true,
  );
  expect(isFenced(protocolError('KAFKAJS_UNKNOWN_ERROR_CODE', 90))).toBe(true);
});

test.each([
  protocolError('NOT_LEADER_FOR_PARTITION', 6),
  new Error('not done within the 10 ms that were left'),
  'fenced',
  undefined,
])('any other error does not mean fenced, case %#', (error) => {
  expect(isFenced(error)).toBe(false);
});
