import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ISocketFactory, ISocketFactoryArgs } from 'kafkajs';

const KEEP_ALIVE_MS = 60_000;
/** Known to the log creator, which does not call it an error. */
export const THROWN_AWAY = 'the client was thrown away';

/**
 * Makes a client's sockets, so that the client can be thrown away whatever it is doing: disconnecting politely waits
 * for requests in flight. After disposal every request rejects and no connection can be opened.
 */
export class DisposableSockets implements Disposable {
  readonly #sockets = new Set<Socket>();
  #isDisposed = false;

  /** As kafkajs' own factory. */
  readonly create: ISocketFactory = (to) => {
    if (this.#isDisposed) throw new Error(THROWN_AWAY);
    const socket = openSocket(to);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    return socket;
  };

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    for (const socket of this.#sockets) socket.destroy(new Error(THROWN_AWAY));
  }
}

function openSocket({ host, port, ssl, onConnect }: ISocketFactoryArgs): Socket {
  // kafkajs passes on what it was configured with, although it declares an object.
  const tls = ssl as ISocketFactoryArgs['ssl'] | boolean | null | undefined;
  if (tls === undefined || tls === null || tls === false) return connect({ host, port }, onConnect);
  const name = isIP(host) === 0 ? { servername: host } : {};
  return connectTls({ host, port, ...name, ...(tls === true ? {} : tls) }, onConnect);
}
