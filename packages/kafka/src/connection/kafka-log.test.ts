import { logLevel } from 'kafkajs';
import { expect, test } from 'vitest';
import { createLogCreator } from './kafka-log.ts';

interface Line {
  readonly level: string;
  readonly fields: object;
  readonly message: string;
}

function linesOf(level: logLevel, message: string, fields: object = {}): Line[] {
  const lines: Line[] = [];
  const into =
    (name: string) =>
    (written: object, text: string): void => {
      lines.push({ level: name, fields: written, message: text });
    };
  const log = {
    debug: into('debug'),
    info: into('info'),
    warn: into('warn'),
    error: into('error'),
  };
  const entry = {
    namespace: 'Part',
    level,
    label: '',
    log: { timestamp: '', message, ...fields },
  };
  createLogCreator(log)()(entry);
  return lines;
}

test.for([
  [logLevel.ERROR, 'Response failed', 'error'],
  [logLevel.ERROR, 'Connection error: connect ECONNREFUSED', 'debug'],
  [logLevel.ERROR, 'Failed to connect to seed broker: Connection error: refused', 'error'],
  [logLevel.WARN, 'Something odd', 'warn'],
  [logLevel.INFO, 'Consumer has joined the group', 'info'],
  [logLevel.WARN, 'The group is rebalancing, re-joining', 'debug'],
  [logLevel.INFO, 'Pausing fetching from 1 topics', 'debug'],
  [logLevel.DEBUG, 'Error while scheduling fetch manager, trying again...', 'warn'],
] as const)('level %i, "%s" is logged as %s', ([level, message, expected]) => {
  expect(linesOf(level, message)).toMatchObject([
    { level: expected, message: `kafkajs: ${message}`, fields: { part: 'Part' } },
  ]);
});

test('a concurrent transaction is logged at debug level', () => {
  const error =
    'The producer attempted to update a transaction while another concurrent operation on the same transaction was ongoing';
  expect(
    linesOf(logLevel.ERROR, 'Response AddPartitionsToTxn(key: 24, version: 1)', { error }),
  ).toMatchObject([{ level: 'debug', fields: { cause: error } }]);
});

test('debug entries of requests are not logged', () => {
  expect(linesOf(logLevel.DEBUG, 'Request Fetch')).toEqual([]);
});

test('only known fields are logged', () => {
  const fields = {
    broker: 'b:9092',
    groupId: 'g',
    memberAssignment: { t: [0] },
    password: 'canary',
  };
  expect(linesOf(logLevel.INFO, 'Joined', fields)).toEqual([
    {
      level: 'info',
      message: 'kafkajs: Joined',
      fields: { broker: 'b:9092', groupId: 'g', part: 'Part' },
    },
  ]);
});
