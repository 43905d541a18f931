import { expect, test } from 'vitest';
import { createHealth } from './health.ts';
import { openHealthServer } from './health-server.ts';
import { createMetrics } from './metrics.ts';

async function openOnFreePort() {
  const health = createHealth();
  const metrics = createMetrics();
  const server = await openHealthServer(0, { health, metrics });
  const get = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${server.port}${path}`);
  return { health, metrics, server, get };
}

test('is live while parts are not ready, and names them', async () => {
  const { health, server, get } = await openOnFreePort();
  await using _server = server;
  health.notReady('database', 'connecting');

  const livez = await get('/livez');
  const readyz = await get('/readyz');

  expect(livez.status).toBe(200);
  expect(readyz.status).toBe(503);
  expect(await readyz.json()).toEqual({
    ready: false,
    notReady: [{ part: 'database', why: 'connecting' }],
  });
});

test('answers that it is ready when all parts are', async () => {
  const { health, server, get } = await openOnFreePort();
  await using _server = server;
  health.ready('database');

  const readyz = await get('/readyz');

  expect(readyz.status).toBe(200);
  expect(await readyz.json()).toEqual({ ready: true, notReady: [] });
});

test('serves the metrics in the Prometheus text format', async () => {
  const { metrics, server, get } = await openOnFreePort();
  await using _server = server;
  metrics.counter('latchkey_relay_published_total').inc({ topic: 'latchkey.access.v1' }, 3);

  const answer = await get('/metrics');

  expect(answer.headers.get('content-type')).toContain('text/plain');
  const text = await answer.text();
  expect(text).toContain('latchkey_relay_published_total{topic="latchkey.access.v1"} 3\n');
  expect(text).toContain('process_cpu_seconds_total');
});

test('readiness is a metric, too, as it is at the moment', async () => {
  const { health, server, get } = await openOnFreePort();
  await using _server = server;
  const text = async (): Promise<string> => (await get('/metrics')).text();

  expect(await text()).toContain('latchkey_ready 0\n');
  health.ready('database');
  expect(await text()).toContain('latchkey_ready 1\n');
});

test('a port in use is a bad setting', async () => {
  const { health, server } = await openOnFreePort();
  await using _server = server;

  const opening = openHealthServer(server.port, { health, metrics: createMetrics() });

  await expect(opening).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    details: { problems: [`HTTP_PORT: cannot listen on ${server.port} (EADDRINUSE)`] },
  });
});

test('closing does not wait for a client that keeps its connection', async () => {
  const { server, get } = await openOnFreePort();
  await get('/livez'); // fetch keeps the connection

  await server[Symbol.asyncDispose]();

  await expect(get('/livez')).rejects.toThrow();
});

test('listens on both IP families', async () => {
  const { server } = await openOnFreePort();
  await using _server = server;

  const answers = await Promise.all(
    ['127.0.0.1', '[::1]', 'localhost'].map((host) => fetch(`http://${host}:${server.port}/livez`)),
  );

  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
});

test('listens on the other family where the machine lacks the first', async () => {
  const parts = { health: createHealth(), metrics: createMetrics() };
  // An address for documentation, which no machine has.
  await using server = await openHealthServer(0, parts, ['2001:db8::1', '0.0.0.0']);

  expect((await fetch(`http://127.0.0.1:${server.port}/livez`)).status).toBe(200);
});
