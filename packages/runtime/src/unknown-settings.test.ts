import { expect, test } from 'vitest';
import { integerSetting } from './settings.ts';
import { unknownSettings } from './unknown-settings.ts';

const shape = { BATCH_MAX_EVENTS: integerSetting(1, 5_000).default(500) };

function found(...names: readonly string[]): readonly string[] {
  const environment = Object.fromEntries(names.map((name) => [name, 'secret']));
  return unknownSettings(shape, environment).map(({ name, meant }) => `${name} ${meant ?? '?'}`);
}

test.each([
  ['BATCH_MAX_EVENT', 'BATCH_MAX_EVENTS'],
  ['KAFKA_BROKER', 'KAFKA_BROKERS'],
  ['batch_max_events', 'BATCH_MAX_EVENTS'],
  ['DATABASE-URL', 'DATABASE_URL'],
  ['DATABASE_URL_FILES', 'DATABASE_URL_FILE'],
  ['KAFKA_BROKERS_FILE', 'KAFKA_BROKERS'],
  ['KAFKA_SASL_USERNAME', '?'],
  ['TOPIC_PEOPLE', '?'],
])('%s is named, and perhaps %s is meant', (name, meant) => {
  expect(found(name)).toEqual([`${name} ${meant}`]);
});

test('what is known here or to other services, and what is not ours, is left alone', () => {
  const known = ['BATCH_MAX_EVENTS', 'DATABASE_URL_FILE', 'TOPIC_ACCESS', 'TOPIC_WORKFORCE_EVENTS'];
  const others = ['PATH', 'HOME', 'LANG', 'HTTP_PROXY', 'HOSTNAME', 'NODE_OPTIONS', 'PGUSER'];
  const ofKubernetes = ['KAFKA_PORT', 'KAFKA_SERVICE_HOST', 'KAFKA_PORT_9092_TCP_ADDR'];
  expect(found(...known, ...others, ...ofKubernetes)).toEqual([]);
  expect(unknownSettings(shape, { KAFKA_BROKER: '', BATCH_MAX_EVENT: undefined })).toEqual([]);
});
