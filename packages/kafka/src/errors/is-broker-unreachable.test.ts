import {
  KafkaJSConnectionError,
  KafkaJSNonRetriableError,
  KafkaJSNumberOfRetriesExceeded,
  KafkaJSProtocolError,
} from 'kafkajs';
import { expect, test } from 'vitest';
import { isBrokerUnreachable } from './is-broker-unreachable.ts';

function answer(type: string, retriable: boolean): Error {
  return new KafkaJSProtocolError(Object.assign(new Error(type), { type, code: 1, retriable }));
}

test.each([
  ['a refused connection', new KafkaJSConnectionError('refused'), true],
  ['a leader that moves', answer('LEADER_NOT_AVAILABLE', true), true],
  ['an authorization that is missing', answer('TOPIC_AUTHORIZATION_FAILED', false), false],
  ['a bug', new TypeError('undefined is not a function'), false],
  ['a bug that kafkajs wraps', new KafkaJSNonRetriableError(new TypeError('bug')), false],
  ['no error', undefined, false],
])('%s', (_name, error, expected) => {
  expect(isBrokerUnreachable(error)).toBe(expected);
});

test('the cause counts where kafkajs has given up retrying', () => {
  const cause = new KafkaJSConnectionError('refused');
  const exceeded = new KafkaJSNumberOfRetriesExceeded(cause, { retryCount: 5, retryTime: 1 });

  expect(isBrokerUnreachable(exceeded)).toBe(true);
});
