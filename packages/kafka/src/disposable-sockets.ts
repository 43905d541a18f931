import type { Socket } from 'node:net';
import type { ISocketFactory } from 'kafkajs';
import { openSocket } from './open-socket.ts';

/** Known to the log creator, which does not call it an error. */
export const THROWN_AWAY = 'the client was thrown away';

const openUntil = new WeakMap<AbortSignal, Set<Socket>>();

/**
 * Makes sockets that are destroyed when the signal is aborted, so that whatever waits for a broker then rejects;
 * afterwards no connection can be opened.
 *
 * @param silenceMs - see `openSocket`
 */
export function socketsUntil(giveUp: AbortSignal | undefined, silenceMs: number): ISocketFactory {
  if (giveUp === undefined) return (to) => openSocket(to, silenceMs);
  return (to) => {
    if (giveUp.aborted) throw new Error(THROWN_AWAY);
    return registered(setOf(giveUp), openSocket(to, silenceMs));
  };
}

/** One for each signal, however many clients are made while it lasts. */
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
  for (const socket of sockets) socket.destroy(new Error(THROWN_AWAY));
}

/**
 * Makes a client's sockets, so that the client can be thrown away whatever it is doing: disconnecting politely waits
 * for requests in flight. After disposal every request rejects and no connection can be opened.
 */
export class DisposableSockets implements Disposable {
  readonly #sockets = new Set<Socket>();
  readonly #open: ISocketFactory;
  #isDisposed = false;

  /** @param open - see `socketsUntil` */
  constructor(open: ISocketFactory) {
    this.#open = open;
  }

  /** As kafkajs' own factory. */
  readonly create: ISocketFactory = (to) => {
    if (this.#isDisposed) throw new Error(THROWN_AWAY);
    return registered(this.#sockets, this.#open(to));
  };

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    destroyAll(this.#sockets);
  }
}
