import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { type Environment, readSettings } from './read-settings.ts';
import { databaseSettings, integerSetting, kafkaSettings } from './settings.ts';

const schema = z.object({
  ...databaseSettings,
  ...kafkaSettings,
  RELAY_BATCH_SIZE: integerSetting(1, 5_000).default(1_000).describe('rows a transaction'),
});

const COMPLETE = {
  DATABASE_URL: 'postgresql://app:canary-1@db/latchkey',
  KAFKA_BROKERS: 'broker:9092',
};

function problems(environment: Environment): readonly string[] {
  const read = readSettings(schema, environment);
  return 'problems' in read ? read.problems : [];
}

/** A folder with one file, removed when the test ends. */
async function fileWith(text: string | Buffer) {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-settings-'));
  const path = join(folder, 'secret');
  await writeFile(path, text);
  return { path, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}

test('settings are read with their defaults, and what the shell needs is read along', () => {
  const read = readSettings(schema, { ...COMPLETE, LOG_LEVEL: 'debug', UNRELATED: 'x' });

  expect(read).toEqual({
    settings: {
      DATABASE_URL: COMPLETE.DATABASE_URL,
      KAFKA_BROKERS: ['broker:9092'],
      KAFKA_SSL: false,
      RELAY_BATCH_SIZE: 1_000,
    },
    common: { LOG_LEVEL: 'debug', SHUTDOWN_SECONDS: 20, INSTALLATION: 'local' },
  });
});

test('all problems are found at once, sorted, without values', () => {
  const found = problems({
    DATABASE_URL: 'canary-1',
    KAFKA_SSL: 'canary-2',
    KAFKA_PASSWORD: 'canary-3',
    LOG_LEVEL: 'canary-4',
    RELAY_BATCH_SIZE: 'canary-5',
  });

  expect(found).toEqual([
    'DATABASE_URL: expected a URL that begins with postgresql://',
    'KAFKA_BROKERS: required',
    'KAFKA_SASL_MECHANISM: required with KAFKA_PASSWORD',
    'KAFKA_SSL: expected true or false',
    'LOG_LEVEL: expected one of fatal, error, warn, info, debug, trace, silent',
    'RELAY_BATCH_SIZE: expected a whole number from 1 to 5000',
  ]);
});

test('an empty variable counts as unset', () => {
  expect(problems({ ...COMPLETE, KAFKA_BROKERS: '', LOG_LEVEL: '' })).toEqual([
    'KAFKA_BROKERS: required',
  ]);
});

test('a mechanism needs a user and a password', () => {
  expect(problems({ ...COMPLETE, KAFKA_SASL_MECHANISM: 'plain' })).toEqual([
    'KAFKA_PASSWORD: required with KAFKA_SASL_MECHANISM',
    'KAFKA_USERNAME: required with KAFKA_SASL_MECHANISM',
  ]);
});

test('a secret is read from the file that is named, without its line end', async () => {
  await using file = await fileWith('postgresql://app:pw@db/latchkey\r\n');

  const read = readSettings(schema, { KAFKA_BROKERS: 'broker:9092', DATABASE_URL_FILE: file.path });

  expect(read).toMatchObject({ settings: { DATABASE_URL: 'postgresql://app:pw@db/latchkey' } });
});

test('a secret is given once: by its value or by a file', async () => {
  await using file = await fileWith('postgresql://db/latchkey');

  expect(problems({ ...COMPLETE, DATABASE_URL_FILE: file.path })).toEqual([
    'DATABASE_URL: set it or DATABASE_URL_FILE, not both',
  ]);
});

test('a file that cannot be read is one problem of its setting', () => {
  expect(
    problems({ KAFKA_BROKERS: 'broker:9092', DATABASE_URL_FILE: '/nonexistent/file' }),
  ).toEqual(['DATABASE_URL: DATABASE_URL_FILE names a file that cannot be read (ENOENT)']);
});

test('a file of any size is not read', async () => {
  await using file = await fileWith('x'.repeat(65_537));

  expect(problems({ KAFKA_BROKERS: 'broker:9092', DATABASE_URL_FILE: file.path })).toEqual([
    'DATABASE_URL: DATABASE_URL_FILE names a file over 64 KiB',
  ]);
});

test('a secret in another encoding is refused, and a byte order mark is no part of it', async () => {
  const url = 'postgresql://app:geheim-ä@db/latchkey';
  await using latin = await fileWith(Buffer.from(url, 'latin1'));
  await using marked = await fileWith(`\ufeff${url}\n`);
  const { KAFKA_BROKERS } = COMPLETE;

  expect(problems({ KAFKA_BROKERS, DATABASE_URL_FILE: latin.path })).toEqual([
    'DATABASE_URL: DATABASE_URL_FILE names a file that is not UTF-8 (line 1, column 25)',
  ]);
  expect(readSettings(schema, { KAFKA_BROKERS, DATABASE_URL_FILE: marked.path })).toMatchObject({
    settings: { DATABASE_URL: url },
  });
  expect(problems({ ...COMPLETE, LOG_LEVEL: 'inf\ufffd' })).toEqual(['LOG_LEVEL: not UTF-8']);
});

test('only secrets are read from files', async () => {
  await using file = await fileWith('broker:9092');

  const { DATABASE_URL } = COMPLETE;
  expect(problems({ DATABASE_URL, KAFKA_BROKERS_FILE: file.path })).toEqual([
    'KAFKA_BROKERS: required',
  ]);
});

test('a rule over several settings is reported as one of the settings', () => {
  const ordered = z
    .object({ LOW: integerSetting(0, 9), HIGH: integerSetting(0, 9) })
    .refine(({ LOW, HIGH }) => LOW <= HIGH, 'LOW must not exceed HIGH');

  expect(readSettings(ordered, { LOW: '5', HIGH: '4' })).toEqual({
    problems: ['settings: LOW must not exceed HIGH'],
  });
});
