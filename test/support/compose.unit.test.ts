import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

/** What Engine 20.10 knows, which Debian 12 brings. `start_interval` came with Engine 25. */
const HEALTHCHECK = ['disable', 'interval', 'retries', 'start_period', 'test', 'timeout'];
const SERVICE = [
  'build',
  'command',
  'depends_on',
  'environment',
  'healthcheck',
  'image',
  'init',
  'ports',
  // Read by compose, and not by the engine.
  'pull_policy',
  'restart',
  'stop_grace_period',
  'volumes',
];

interface Compose {
  readonly services: Readonly<
    Record<
      string,
      {
        readonly healthcheck?: Readonly<Record<string, unknown>>;
        readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
      }
    >
  >;
}

test('the compose file keeps to what Engine 20.10 takes', async () => {
  const { services } = parse(await textOf('docker-compose.yml'), { merge: true }) as Compose;

  for (const [name, service] of Object.entries(services)) {
    expect(SERVICE, name).toEqual(expect.arrayContaining(Object.keys(service)));
    expect(HEALTHCHECK, name).toEqual(
      expect.arrayContaining(Object.keys(service.healthcheck ?? {})),
    );
  }
});

test('what others wait for until it is healthy can say so', async () => {
  const { services } = parse(await textOf('docker-compose.yml'), { merge: true }) as Compose;

  const waited = Object.values(services).flatMap(({ depends_on: on = {} }) =>
    Object.entries(on).flatMap(([name, { condition }]) =>
      condition === 'service_healthy' ? [name] : [],
    ),
  );

  expect(waited.toSorted()).toEqual(['kafka', 'postgres']);
  for (const name of waited) expect(services[name]?.healthcheck).toHaveProperty('test');
});

test('the image is built by the builder of Engine 20.10, which lacks what BuildKit added', async () => {
  expect(await textOf('Dockerfile')).not.toMatch(/^RUN --|<<EOF|--link|--chmod|^# *syntax=/m);
});

function textOf(file: string): Promise<string> {
  return readFile(new URL(`../../${file}`, import.meta.url), 'utf8');
}
