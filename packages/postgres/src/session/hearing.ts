import { setImmediate } from 'node:timers/promises';

/** Much shorter than any time-out of a session, and longer than decisions about most batches. */
const UNHEARD_MS = 100;

/** Whether what the server has said by itself was read. */
export interface Hearing {
  /** An answer was read just now. */
  readonly heard: () => void;
  /**
   * To be awaited before something is sent. Resolves once everything that has arrived was read; undefined where an answer was
   * read a moment ago. Those who wait at the same time go on in the order of their calls.
   */
  readonly hear: () => Promise<void> | undefined;
}

/**
 * A server that ends a session says why, and closes the connection. Who was busy and sends before reading that gets an error of the
 * socket for the second thing it sends, which discards what was not read.
 */
export function createHearing(): Hearing {
  let heardMs = performance.now();
  let turn: Promise<void> | undefined;
  const readAll = async (): Promise<void> => {
    await setImmediate(); // the event loop may have looked for answers before the busy time
    await setImmediate();
    heardMs = performance.now();
    turn = undefined;
  };
  return {
    heard: () => {
      heardMs = performance.now();
    },
    hear: () => {
      if (turn === undefined && performance.now() - heardMs > UNHEARD_MS) turn = readAll();
      return turn;
    },
  };
}
