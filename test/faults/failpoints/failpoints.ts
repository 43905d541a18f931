import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import type { FromChild, Point, Proceeding, ToChild } from './points.ts';

/** The one mechanism behind all failpoints of a process. */
export interface Failpoints {
  isArmed(point: Point): boolean;
  /**
   * Passes a boundary. Armed, it tells the parent and waits there; a `cut` is done before it returns.
   *
   * @returns `error` where the step at this boundary has to fail
   */
  reached(point: Point): Promise<'go' | 'error'>;
}

const RESET = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });

/** Failpoints that the parent process arms, one at a time, over the channel between the two. */
export function createFailpoints(): Failpoints {
  const sockets = trackSockets();
  let armed: Point | undefined;
  let proceed: ((how: Proceeding) => void) | undefined;
  process.on('message', (message: ToChild) => {
    armed = 'arm' in message ? message.arm : undefined;
    // Disarmed, whoever stood there already goes on.
    if (!('arm' in message)) proceed?.('proceed' in message ? message.proceed : 'go');
  });
  // The channel alone is no reason to stay alive.
  process.channel?.unref();
  return {
    isArmed: (point) => armed === point,
    reached: async (point) => {
      if (armed !== point) return 'go';
      armed = undefined;
      const told = Promise.withResolvers<Proceeding>();
      proceed = told.resolve;
      process.send?.({ reached: point } satisfies FromChild);
      const how = await told.promise;
      if (how !== 'cut') return how;
      for (const socket of sockets) socket.destroy(RESET);
      return 'go';
    },
  };
}

/** Every connection that this process has opened. */
function trackSockets(): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  subscribe('net.client.socket', (message) => {
    const { socket } = message as { readonly socket: Socket };
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return sockets;
}
