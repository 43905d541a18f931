import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ISocketFactoryArgs } from 'kafkajs';
import { hostOf } from './broker-address.ts';

const KEEP_ALIVE_MS = 60_000;

/**
 * A socket as kafkajs' own factory makes them, except that it gives up a broker that is silent: kafkajs lets a request
 * time out and goes on with the same connection, so that a half-open one would be used for ever.
 *
 * @param silenceMs - how long a request may wait until anything comes in
 */
export function openSocket(to: ISocketFactoryArgs, silenceMs: number): Socket {
  const socket = connectTo(to);
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  giveUpWhenSilent(socket, silenceMs);
  return socket;
}

function connectTo({ host: told, port, ssl, onConnect }: ISocketFactoryArgs): Socket {
  const host = hostOf(told);
  // kafkajs passes on what it was configured with, although it declares an object.
  const tls = ssl as ISocketFactoryArgs['ssl'] | boolean | null | undefined;
  if (tls === undefined || tls === null || tls === false) return connect({ host, port }, onConnect);
  // The name that a certificate is asked for cannot be an address (RFC 6066); Node compares the address itself.
  const name = isIP(host) === 0 ? { servername: host } : {};
  return connectTls({ host, port, ...name, ...(tls === true ? {} : tls) }, onConnect);
}

function giveUpWhenSilent(socket: Socket, silenceMs: number): void {
  let waiting: NodeJS.Timeout | undefined;
  const heard = (): void => {
    clearTimeout(waiting);
    waiting = undefined;
  };
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  socket.write = (...args: unknown[]) => {
    waiting ??= setTimeout(() => {
      socket.destroy(new Error(`the broker has not answered for ${silenceMs} ms`));
    }, silenceMs).unref();
    return write(...args);
  };
  socket.on('data', heard);
  socket.once('close', heard);
}
