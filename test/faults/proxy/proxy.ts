import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Sees the bytes of one connection; one instance per connection. */
export interface Wiretap {
  fromClient(bytes: Buffer): void;
  /** False: drops these bytes and resets the connection. */
  fromServer(bytes: Buffer): boolean;
}

/** A TCP proxy on loopback that injects network faults. */
export interface Proxy extends AsyncDisposable {
  readonly port: number;
  readonly connections: () => number;
  /** Resets one connection on both sides. */
  cut(pick: (count: number) => number): void;
  /** Pauses one connection for `forMs`, then delivers what is buffered. */
  stall(pick: (count: number) => number, forMs: number): void;
  /** Closes every connection and refuses new ones, as a stopped server. The returned function listens again. */
  goDown(): Promise<() => Promise<void>>;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

/** @param tap - undefined: no tap */
export async function openProxy(target: number, tap: () => Wiretap | undefined): Promise<Proxy> {
  const pairs = new Set<Pair>();
  const listener = createServer({ pauseOnConnect: true }, (client) => {
    const server = connect({ host: '127.0.0.1', port: target });
    const pair = { client, server };
    pairs.add(pair);
    join(pair, tap(), () => pairs.delete(pair));
  });
  const listen = async (port: number): Promise<void> => {
    listener.listen(port, '127.0.0.1');
    await once(listener, 'listening');
  };
  const close = async (): Promise<void> => {
    listener.close();
    await once(listener, 'close');
  };
  await listen(0);
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const picked = (pick: (count: number) => number): Pair | undefined =>
    [...pairs][pick(pairs.size)];
  return {
    port: address.port,
    connections: () => pairs.size,
    cut: (pick) => {
      reset(picked(pick));
    },
    stall: (pick, forMs) => {
      const pair = picked(pick);
      for (const socket of [pair?.client, pair?.server]) {
        socket?.pause();
        void sleep(forMs, undefined, { ref: false }).then(() => socket?.resume());
      }
    },
    goDown: async () => {
      for (const { client } of pairs) client.end();
      await close();
      return () => listen(address.port);
    },
    [Symbol.asyncDispose]: async () => {
      for (const pair of pairs) reset(pair);
      await close();
    },
  };
}

function join(pair: Pair, tap: Wiretap | undefined, onEnd: () => void): void {
  const { client, server } = pair;
  const end = (): void => {
    client.destroy();
    server.destroy();
    onEnd();
  };
  for (const socket of [client, server]) {
    socket.on('error', () => undefined);
    socket.once('close', end);
    socket.setNoDelay(true);
  }
  client.on('data', (bytes) => {
    tap?.fromClient(bytes);
    server.write(bytes);
  });
  server.on('data', (bytes) => {
    if (tap?.fromServer(bytes) ?? true) client.write(bytes);
    else reset(pair);
  });
  client.resume();
}

function reset(pair: Pair | undefined): void {
  pair?.client.resetAndDestroy();
  pair?.server.resetAndDestroy();
}
