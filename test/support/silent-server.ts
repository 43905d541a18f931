import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A server that stops answering at some point, without closing connections. */
export interface SilentServer extends AsyncDisposable {
  readonly port: number;
  /** Resolves when a client has sent a request that will not be answered. */
  readonly silent: Promise<void>;
}

/**
 * Listens on loopback in front of the server at `target`, and forwards its first `answers` chunks of data, counted over
 * all connections. Afterwards connections are accepted, and nothing is forwarded.
 *
 * @param target - host and port; undefined where `answers` is 0
 */
export async function openSilentServer(
  target: { readonly host: string; readonly port: number } | undefined,
  answers: number,
): Promise<SilentServer> {
  const sockets = new Set<Socket>();
  const silent = Promise.withResolvers<undefined>();
  let left = answers;
  const listener = createServer((client) => {
    const server = target === undefined ? undefined : connect(target);
    for (const socket of [client, server]) {
      if (socket === undefined) continue;
      sockets.add(socket);
      socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
    }
    client.on('data', (bytes) => {
      if (left === 0) silent.resolve(undefined);
      else server?.write(bytes);
    });
    client.once('close', () => server?.destroy());
    server?.on('data', (bytes) => {
      if (left === 0) {
        silent.resolve(undefined);
        return;
      }
      left -= 1;
      client.write(bytes);
    });
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    silent: silent.promise,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      listener.close();
      await once(listener, 'close');
    },
  };
}
