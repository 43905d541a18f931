import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { installKafkajsPatches } from '../patches/install.ts';
import type { KafkaLog } from './kafka-log.ts';
import { openKafka } from './open-kafka.ts';

const log: KafkaLog = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

installKafkajsPatches();

test('a connection without a reply is closed and replaced', async () => {
  const connections: Socket[] = [];
  await using server = await listen((socket) =>
    connections.push(socket.on('error', () => undefined)),
  );
  const brokers = [`127.0.0.1:${server.port}`];
  const settings = { brokers, clientId: 'test', ssl: false, sasl: undefined, silenceMs: 100 };
  const stop = new AbortController();
  const admin = openKafka(settings, log, stop.signal).admin();

  const connecting = admin.connect().catch(() => undefined);

  await expect.poll(() => connections.length).toBeGreaterThan(2);
  expect(connections[0]?.bytesRead).toBeGreaterThan(0);
  stop.abort();
  await connecting;
  for (const socket of connections) socket.destroy();
});

async function listen(
  onConnection: (socket: Socket) => void,
): Promise<AsyncDisposable & { readonly port: number }> {
  const server: Server = createServer((socket) => {
    socket.resume();
    onConnection(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    [Symbol.asyncDispose]: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}
