import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ISocketFactoryArgs } from 'kafkajs';
import { hostOf } from './broker-address.ts';

const KEEP_ALIVE_MS = 60_000;

/**
 * Opens a socket like kafkajs' own factory, but destroys it when the broker is silent: kafkajs lets a request time out
 * and keeps the connection, so it would use a half-open one for ever.
 *
 * @param silenceMs - the longest wait after a write until data arrives
 */
export function openSocket(to: ISocketFactoryArgs, silenceMs: number): Socket {
  const socket = connectTo(to);
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  destroyWhenSilent(socket, silenceMs);
  return socket;
}

function connectTo({ host: given, port, ssl, onConnect }: ISocketFactoryArgs): Socket {
  const host = hostOf(given);
  // kafkajs passes its own `ssl` setting, although it declares an object.
  const tls = ssl as ISocketFactoryArgs['ssl'] | boolean | null | undefined;
  if (tls === undefined || tls === null || tls === false) return connect({ host, port }, onConnect);
  // SNI allows no addresses (RFC 6066); Node compares an address with the certificate itself.
  const name = isIP(host) === 0 ? { servername: host } : {};
  return connectTls({ host, port, ...name, ...(tls === true ? {} : tls) }, onConnect);
}

function destroyWhenSilent(socket: Socket, silenceMs: number): void {
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
