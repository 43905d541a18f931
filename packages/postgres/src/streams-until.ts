import { Socket } from 'node:net';

const GIVEN_UP = 'the database is waited for no longer';

/**
 * Makes the driver's streams. They are destroyed when the signal is aborted, so that every statement that waits for an
 * answer rejects; afterwards connecting fails at once.
 */
export function streamsUntil(giveUp: AbortSignal): () => Socket {
  const streams = new Set<Socket>();
  giveUp.addEventListener('abort', () => {
    for (const stream of streams) stream.destroy(new Error(GIVEN_UP));
  });
  return () => {
    if (giveUp.aborted) return new UnconnectableSocket();
    const stream = new Socket();
    streams.add(stream);
    stream.once('close', () => streams.delete(stream));
    return stream;
  };
}

/** The driver handles an error of connecting a stream, and none of making it. */
class UnconnectableSocket extends Socket {
  override connect(): this {
    return this.destroy(new Error(GIVEN_UP));
  }
}
