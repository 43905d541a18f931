import { AsyncLocalStorage } from 'node:async_hooks';
import { requirePinned } from './require-pinned.ts';

const READ_UNCOMMITTED = 0;

interface ListOffsetsRequest {
  readonly isolationLevel?: number;
}

interface Protocol {
  protocol: (of: { readonly version: number }) => (request: ListOffsetsRequest) => unknown;
}

const uncommitted = new AsyncLocalStorage<true>();

/** Within `read`, kafkajs' admin client reads high watermarks as the ends of logs. Needs `listUncommittedEnds`. */
export function withUncommittedEnds<T>(read: () => Promise<T>): Promise<T> {
  return uncommitted.run(true, read);
}

/** Lets `withUncommittedEnds` choose the isolation level of ListOffsets requests. */
export function listUncommittedEnds(): void {
  // kafkajs calls it as a member of what this module exports, so it does not matter who loaded it first.
  const listOffsets = requirePinned('src/protocol/requests/listOffsets/index.js') as Protocol;
  const original = listOffsets.protocol;
  listOffsets.protocol = ({ version }) => {
    const build = original({ version });
    return (request) =>
      build(
        uncommitted.getStore() === true
          ? { ...request, isolationLevel: READ_UNCOMMITTED }
          : request,
      );
  };
}
