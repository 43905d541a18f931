import { expect, test } from 'vitest';
import { brokerListProblem, brokersOf } from './broker-list.ts';

test.each([
  'localhost:9092',
  'kafka-1.example:9092, kafka-2.example:9092',
  '10.0.0.1:1,10.0.0.2:65535',
  '[::1]:9092',
  '[2001:db8::1]:9092,[fe80::1%eth0]:9093,broker_1:9094',
])('%s is accepted', (text) => {
  expect(brokerListProblem(brokersOf(text))).toBeUndefined();
});

test.each([
  ['', 'broker 1 is empty'],
  ['a:1,,b:2', 'broker 2 is empty'],
  ['a:1,', 'broker 2 is empty'],
  ['localhost', 'lacks its port'],
  ['localhost:', 'lacks its port'],
  ['[::1]', 'lacks its port'],
  ['[::1]:', 'lacks its port'],
  ['::1:9092', 'into brackets'],
  ['2001:db8::1', 'into brackets'],
  ['[::1:9092', 'closing bracket'],
  ['[::1]9092', ':port behind its bracket'],
  ['[localhost]:9092', 'no IPv6 address'],
  ['[127.0.0.1]:9092', 'no IPv6 address'],
  ['localhost:0', 'from 1 to 65535'],
  ['localhost:65536', 'from 1 to 65535'],
  ['[::1]:99999', 'from 1 to 65535'],
  ['localhost:9092x', 'from 1 to 65535'],
  ['a:1,kafka://b:2', 'broker 2 has a protocol'],
  ['a b:9092', 'no host name'],
  [Array.from({ length: 101 }, () => 'a:1').join(','), 'at most 100 brokers'],
])('%s is refused: %s', (text, problem) => {
  expect(brokerListProblem(brokersOf(text))).toContain(problem);
});
