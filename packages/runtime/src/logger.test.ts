import { expect, test } from 'vitest';
import { createLogger, type LogLevel } from './logger.ts';

function capture(level: LogLevel) {
  const lines: string[] = [];
  const write = (line: string): void => {
    lines.push(line);
  };
  return { lines, log: createLogger({ service: 'relay', level, to: { write } }) };
}

test('a line is one JSON object with time, level, service, fields and message', () => {
  const { lines, log } = capture('info');

  log.info({ published: 250 }, 'batch published');

  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    level: 'info',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
    service: 'relay',
    pid: process.pid,
    published: 250,
    msg: 'batch published',
  });
});

test('lines below the level are not written', () => {
  const { lines, log } = capture('warn');

  log.info({}, 'batch published');
  log.warn({}, 'waiting');

  expect(lines).toHaveLength(1);
});

test.each(['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const)(
  'fields at %s, fields of a child and the message are redacted',
  (level) => {
    const { lines, log } = capture('trace');

    log
      .child({ password: 'canary-1' })
      [level](
        { data: { email: 'canary-2' }, err: new Error('canary-3@example.test') },
        'sent to canary-4@example.test',
      );

    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(level);
    expect(lines[0]).not.toContain('canary');
  },
);

test('a line feed in a field cannot begin another line', () => {
  const { lines, log } = capture('info');

  log.info({ topic: 'a\n{"level":"fatal"}' }, 'batch\npublished');

  expect(lines.join('').match(/\n/g)).toHaveLength(1);
});
