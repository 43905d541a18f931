import dns from 'node:dns';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { expect, type MockInstance, test, vi } from 'vitest';
import { installKafkajsPatches } from '../patches/install.ts';
import { addressForKafkajs, hostOf } from './broker-address.ts';
import type { KafkaLog } from './kafka-log.ts';
import { openKafka } from './open-kafka.ts';

installKafkajsPatches();

test.each([
  ['[::1]:9092', '::1', 9092],
  ['[2001:db8::10.0.0.1]:19092', '2001:db8::10.0.0.1', 19_092],
  ['[fe80::1%eth0]:9092', 'fe80::1%eth0', 9092],
  ['10.0.0.1:9092', '10.0.0.1', 9092],
  ['broker.example:9092', 'broker.example', 9092],
])('kafkajs reads host and port of %s', (address, host, port) => {
  // As in kafkajs.
  const parts = addressForKafkajs(address).split(':');

  expect(parts).toHaveLength(2);
  expect(hostOf(parts[0] ?? '')).toBe(host);
  expect(Number(parts[1])).toBe(port);
});

test('a host from metadata is returned unchanged', () => {
  expect(hostOf('::1')).toBe('::1');
  expect(hostOf('fe80::1%eth0')).toBe('fe80::1%eth0');
});

test.each(['[::1]', 'broker.example'])(
  '%s connects to a broker that listens on ::1 only',
  async (host) => {
    // A name with addresses of both families; the first refuses connections.
    const both = [
      { address: '127.0.0.1', family: 4 },
      { address: '::1', family: 6 },
    ];
    function answerAll(_: string, __: object, answer: (error: null, all: object) => void): void {
      answer(null, both);
    }
    const server = createServer();
    server.listen(0, '::1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const connected = once(server, 'connection');
    const lookup = vi.spyOn(dns, 'lookup') as unknown as MockInstance<typeof answerAll>;
    lookup.mockImplementation(answerAll);
    const stop = new AbortController();
    const settings = {
      brokers: [`${host}:${port}`],
      clientId: 'test',
      ssl: false,
      sasl: undefined,
      giveUp: stop.signal,
    };
    const connecting = openKafka(settings, log, stop.signal).admin().connect();
    const rejected = expect(connecting).rejects.toThrow();

    const [socket] = (await connected) as [Socket];

    stop.abort();
    await rejected;
    socket.destroy();
    server.close();
    lookup.mockRestore();
  },
);

const log: KafkaLog = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
