import { expect, test } from 'vitest';
import { z } from 'zod';
import {
  commonSettings,
  databaseSettings,
  inputTopicNames,
  inputTopicSettings,
  integerSetting,
  kafkaConnection,
  kafkaSettings,
  outputTopicNames,
  outputTopicSettings,
} from './settings.ts';

const BROKERS = 'a.test:9092, 10.0.0.1:9093,[::1]:9094';

test('a service without additional settings has the documented defaults', () => {
  expect(z.object({ ...commonSettings, ...inputTopicSettings }).parse({})).toEqual({
    LOG_LEVEL: 'info',
    SHUTDOWN_SECONDS: 20,
    INSTALLATION: 'local',
    TOPIC_WORKFORCE_EVENTS: 'latchkey.workforce-events.v1',
    TOPIC_VERIFICATION_EVENTS: 'latchkey.verification-events.v1',
  });
});

test.each([
  ['HTTP_PORT', '65536'],
  ['HTTP_PORT', '-1'],
  ['HTTP_PORT', '80.5'],
  ['HTTP_PORT', '0x50'],
  ['HTTP_PORT', '1e3'],
  ['HTTP_PORT', ' 80'],
  ['SHUTDOWN_SECONDS', '0'],
  ['SHUTDOWN_SECONDS', '99999999999999999999'],
  ['LOG_LEVEL', 'loud'],
  ['INSTALLATION', 'two words'],
  ['INSTALLATION', 'a#b'],
  ['INSTALLATION', 'x'.repeat(64)],
  ['KAFKA_BROKERS', 'no-port'],
  ['KAFKA_BROKERS', 'a:9092,,b:9092'],
  ['KAFKA_SSL', 'yes'],
  ['KAFKA_SASL_MECHANISM', 'gssapi'],
  ['DATABASE_URL', 'mysql://db/latchkey'],
  ['DATABASE_URL', 'db:5432'],
  ['DATABASE_URL', 'x'.repeat(5_000)],
  ['TOPIC_ACCESS', 'a topic'],
  ['TOPIC_ACCESS', '..'],
  ['TOPIC_ACCESS', 'x'.repeat(250)],
  ['OUTPUT_PARTITIONS', '0'],
  ['OUTPUT_PARTITIONS', '1001'],
])('%s refuses %s and names what it expects', (name, value) => {
  const schema = z
    .object({ ...commonSettings, ...databaseSettings, ...kafkaSettings, ...outputTopicSettings })
    .partial();

  const issues = schema.safeParse({ [name]: value }).error?.issues ?? [];

  expect(issues.map(({ path }) => path)).toEqual([[name]]);
  expect(issues[0]?.message).toMatch(/^expected /);
});

test('a whole number is read within its bounds', () => {
  const setting = integerSetting(-5, 5);

  expect(setting.parse('-5')).toBe(-5);
  expect(setting.parse('5')).toBe(5);
  expect(setting.safeParse('6').success).toBe(false);
});

test('a database URL without a host, for a socket, is accepted', () => {
  const { DATABASE_URL } = databaseSettings;

  expect(DATABASE_URL.safeParse('postgresql:///latchkey?host=/run/postgresql').success).toBe(true);
});

test('brokers with a user are authenticated to, without one they are not', () => {
  const schema = z.object(kafkaSettings);
  const open = schema.parse({ KAFKA_BROKERS: BROKERS });
  const closed = schema.parse({
    KAFKA_BROKERS: 'a.test:9092',
    KAFKA_SSL: 'true',
    KAFKA_SASL_MECHANISM: 'scram-sha-512',
    KAFKA_USERNAME: 'relay',
    KAFKA_PASSWORD: 'pw',
  });

  expect(kafkaConnection(open, 'relay')).toEqual({
    brokers: ['a.test:9092', '10.0.0.1:9093', '[::1]:9094'],
    clientId: 'relay',
    ssl: false,
    sasl: undefined,
  });
  expect(kafkaConnection(closed, 'relay')).toEqual({
    brokers: ['a.test:9092'],
    clientId: 'relay',
    ssl: true,
    sasl: { mechanism: 'scram-sha-512', username: 'relay', password: 'pw' },
  });
});

test('topics are found by their logical names', () => {
  const inputs = z.object(inputTopicSettings).parse({ TOPIC_WORKFORCE_EVENTS: 'hr' });
  const outputs = z.object(outputTopicSettings).parse({ TOPIC_DEAD_LETTERS: 'dead' });

  expect(inputTopicNames(inputs)).toEqual({
    'workforce-events': 'hr',
    'verification-events': 'latchkey.verification-events.v1',
  });
  expect(outputTopicNames(outputs)).toEqual({
    lifecycle: 'latchkey.lifecycle.v1',
    access: 'latchkey.access.v1',
    verifications: 'latchkey.verifications.v1',
    reviews: 'latchkey.reviews.v1',
    'dead-letters': 'dead',
  });
});

test('one topic cannot be two', () => {
  const schema = z.object(outputTopicSettings);
  const settings = schema.parse({ TOPIC_ACCESS: 'same', TOPIC_REVIEWS: 'same' });

  expect(() => outputTopicNames(settings)).toThrow('CONFIG_INVALID');
});
