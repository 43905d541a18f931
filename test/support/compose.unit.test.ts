import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

/** As far as Engine 20.10 knows it, which Debian 12 brings: `start_interval` needs Engine 25. */
const HEALTHCHECK = z.union([
  z.strictObject({ disable: z.literal(true) }),
  z.strictObject({
    test: z.array(z.string()),
    interval: z.string(),
    timeout: z.string(),
    start_period: z.string(),
    retries: z.number(),
  }),
]);

const SERVICE = z.strictObject({
  image: z.string(),
  build: z.string().optional(),
  init: z.boolean().optional(),
  restart: z.enum(['on-failure']).optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).optional(),
  ports: z.array(z.string()).optional(),
  volumes: z.array(z.string()).optional(),
  stop_grace_period: z.string().optional(),
  healthcheck: HEALTHCHECK.optional(),
  depends_on: z
    .record(
      z.string(),
      z.strictObject({
        condition: z.enum(['service_healthy', 'service_completed_successfully']),
      }),
    )
    .optional(),
});

const COMPOSE = z.object({
  name: z.string(),
  services: z.record(z.string(), SERVICE),
  volumes: z.record(z.string(), z.null()),
});

test('the compose file keeps to what Engine 20.10 takes', async () => {
  const compose: unknown = parse(await textOf('docker-compose.yml'), { merge: true });

  const read = COMPOSE.parse(compose);

  const waited = Object.values(read.services).flatMap(({ depends_on: on = {} }) =>
    Object.entries(on).filter(([, { condition }]) => condition === 'service_healthy'),
  );
  expect(waited.length).toBeGreaterThan(0);
  for (const [name] of waited) expect(read.services[name]?.healthcheck).toHaveProperty('test');
});

test('the image is built by the builder of Engine 20.10, which lacks what BuildKit added', async () => {
  expect(await textOf('Dockerfile')).not.toMatch(/^RUN --|<<EOF|--link|--chmod|^# *syntax=/m);
});

function textOf(file: string): Promise<string> {
  return readFile(new URL(`../../${file}`, import.meta.url), 'utf8');
}
