import type { Socket } from 'node:net';
import type { ISocketFactory } from 'kafkajs';
import { openSocket } from './open-socket.ts';

/** Known to the log creator, which does not call it an error. */
export const THROWN_AWAY = 'the client was thrown away';

/**
 * Makes a client's sockets, so that the client can be thrown away whatever it is doing: disconnecting politely waits
 * for requests in flight. After disposal every request rejects and no connection can be opened.
 */
export class DisposableSockets implements Disposable {
  readonly #sockets = new Set<Socket>();
  readonly #silenceMs: number;
  #isDisposed = false;

  /** @param silenceMs - see `openSocket` */
  constructor(silenceMs: number) {
    this.#silenceMs = silenceMs;
  }

  /** As kafkajs' own factory. */
  readonly create: ISocketFactory = (to) => {
    if (this.#isDisposed) throw new Error(THROWN_AWAY);
    const socket = openSocket(to, this.#silenceMs);
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    return socket;
  };

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    for (const socket of this.#sockets) socket.destroy(new Error(THROWN_AWAY));
  }
}
