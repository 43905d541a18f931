import { expect, test } from 'vitest';
import { z } from 'zod';
import { helpText } from './help.ts';
import { databaseSettings, integerSetting, kafkaSettings } from './settings.ts';

test('the table shows each setting once: name, default, meaning, and what is secret', () => {
  const settings = z.object({
    ...databaseSettings,
    ...kafkaSettings,
    RELAY_BATCH_SIZE: integerSetting(1, 5_000).describe('rows a transaction').default(1_000),
  });

  const lines = helpText({ name: 'relay', settings }).split('\n');

  const rows = lines
    .filter((line) => /^[A-Z_]+ {2,}/.test(line))
    .map((line) => line.split(/ {2,}/));
  expect(rows.map(([name]) => name)).toEqual([
    'SETTING',
    'DATABASE_URL',
    'KAFKA_BROKERS',
    'KAFKA_SSL',
    'KAFKA_SASL_MECHANISM',
    'KAFKA_USERNAME',
    'KAFKA_PASSWORD',
    'RELAY_BATCH_SIZE',
    'LOG_LEVEL',
    'HTTP_PORT',
    'SHUTDOWN_SECONDS',
    'INSTALLATION',
  ]);
  expect(rows).toContainEqual([
    'DATABASE_URL',
    'required',
    'the database, postgresql://… (secret)',
  ]);
  expect(rows).toContainEqual(['RELAY_BATCH_SIZE', '1000', 'rows a transaction']);
  expect(rows).toContainEqual(['KAFKA_USERNAME', '–', 'user name for brokers']);
  expect(rows.every((row) => row.length === 3)).toBe(true);
});

test('a command shows its arguments', () => {
  const text = helpText({
    name: 'latchkey',
    settings: z.object({}),
    usage: 'status | progress show',
  });

  expect(text.split('\n')[0]).toBe('latchkey status | progress show');
});
