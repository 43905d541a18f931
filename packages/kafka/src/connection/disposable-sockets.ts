import type { Socket } from 'node:net';
import type { ISocketFactory } from 'kafkajs';
import { openSocket } from './open-socket.ts';

/** Logged at debug level: see `createLogCreator`. */
export const DISPOSED = 'the client was thrown away';

const openUntil = new WeakMap<AbortSignal, Set<Socket>>();

/**
 * Creates sockets that are destroyed when the signal is aborted: every request then rejects, and no connection can be
 * opened.
 *
 * @param silenceMs - see `openSocket`
 */
export function socketsUntil(giveUp: AbortSignal | undefined, silenceMs: number): ISocketFactory {
  if (giveUp === undefined) return (to) => openSocket(to, silenceMs);
  return (to) => {
    if (giveUp.aborted) throw new Error(DISPOSED);
    return registered(setOf(giveUp), openSocket(to, silenceMs));
  };
}

/** One listener for each signal, for any number of clients. */
function setOf(giveUp: AbortSignal): Set<Socket> {
  const known = openUntil.get(giveUp);
  if (known !== undefined) return known;
  const sockets = new Set<Socket>();
  openUntil.set(giveUp, sockets);
  giveUp.addEventListener('abort', () => {
    destroyAll(sockets);
  });
  return sockets;
}

function registered(sockets: Set<Socket>, socket: Socket): Socket {
  sockets.add(socket);
  socket.once('close', () => sockets.delete(socket));
  return socket;
}

function destroyAll(sockets: ReadonlySet<Socket>): void {
  for (const socket of sockets) socket.destroy(new Error(DISPOSED));
}

/**
 * Creates the sockets of a client that can be disposed at any time: `disconnect` would wait for requests in flight.
 * After disposal every request rejects and no connection can be opened.
 */
export class DisposableSockets implements Disposable {
  readonly #sockets = new Set<Socket>();
  readonly #open: ISocketFactory;
  #isDisposed = false;

  /** @param open - see `socketsUntil` */
  constructor(open: ISocketFactory) {
    this.#open = open;
  }

  /** Replaces kafkajs' factory. */
  readonly create: ISocketFactory = (to) => {
    if (this.#isDisposed) throw new Error(DISPOSED);
    return registered(this.#sockets, this.#open(to));
  };

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    destroyAll(this.#sockets);
  }
}
