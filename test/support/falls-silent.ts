import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A server that answers for a while and then, without ending a connection, says nothing any more. */
export interface SilentServer extends AsyncDisposable {
  readonly port: number;
  /** Resolves when a client waits for an answer that will not come. */
  readonly silent: Promise<void>;
}

/**
 * Listens on loopback for the server at `target`, and lets through its first `answers` pieces of data, counted over
 * all connections. Afterwards connections are taken, and nothing comes back.
 *
 * @param target - host and port; undefined where `answers` is 0
 */
export async function fallsSilent(
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
