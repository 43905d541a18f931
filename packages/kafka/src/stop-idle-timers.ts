import { requirePinned } from './require-pinned.ts';

interface RequestQueue {
  readonly pending: readonly unknown[];
  scheduleCheckPendingRequests: () => void;
}

const replaced = new WeakSet();

/**
 * From now on connections of this process only look after requests that wait where some do. kafkajs looks every
 * millisecond, also where nothing was ever sent: a twenty-fifth of a core for each producer with a consumer. Whoever
 * adds a request to those that wait sees to the first look. May be called again.
 *
 * @throws Error when another version of kafkajs is installed
 */
export function stopIdleTimers(): void {
  const { prototype } = requirePinned('src/network/requestQueue/index.js') as {
    prototype: RequestQueue;
  };
  if (replaced.has(prototype)) return;
  replaced.add(prototype);
  const original = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function (this: RequestQueue) {
    if (this.pending.length > 0) original.call(this);
  };
}
