import { requirePinned } from './require-pinned.ts';

interface RequestQueue {
  readonly pending: readonly unknown[];
  scheduleCheckPendingRequests: () => void;
}

/**
 * Connections of this process then check for waiting requests only while there are some. kafkajs itself schedules the
 * first check when it adds a request.
 */
export function stopIdleTimers(): void {
  const { prototype } = requirePinned('src/network/requestQueue/index.js') as {
    prototype: RequestQueue;
  };
  const original = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function (this: RequestQueue) {
    if (this.pending.length > 0) original.call(this);
  };
}
