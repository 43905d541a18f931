import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import type { FromChild, Point, Proceeding, ToChild } from './points.ts';

/** All failpoints of a process. */
export interface Failpoints {
  isArmed(point: Point): boolean;
  /**
   * Marks a boundary. If it is armed, reports it to the parent and waits for the answer. After `cut`, all
   * connections are reset when this resolves.
   *
   * @returns `error` if the step at this boundary must fail
   */
  reached(point: Point): Promise<'go' | 'error'>;
}

const RESET = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });

/** Failpoints that the parent process arms, one at a time, over IPC. */
export function createFailpoints(): Failpoints {
  const sockets = trackSockets();
  let armed: Point | undefined;
  let proceed: ((how: Proceeding) => void) | undefined;
  process.on('message', (message: ToChild) => {
    armed = 'arm' in message ? message.arm : undefined;
    // A step that waits at the disarmed point continues.
    if (!('arm' in message)) proceed?.('proceed' in message ? message.proceed : 'go');
  });
  // The channel must not keep the process alive.
  process.channel?.unref();
  return {
    isArmed: (point) => armed === point,
    reached: async (point) => {
      if (armed !== point) return 'go';
      armed = undefined;
      const answered = Promise.withResolvers<Proceeding>();
      proceed = answered.resolve;
      process.send?.({ reached: point } satisfies FromChild);
      const how = await answered.promise;
      if (how !== 'cut') return how;
      for (const socket of sockets) socket.destroy(RESET);
      return 'go';
    },
  };
}

/** Open connections of this process. */
function trackSockets(): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  subscribe('net.client.socket', (message) => {
    const { socket } = message as { readonly socket: Socket };
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return sockets;
}
