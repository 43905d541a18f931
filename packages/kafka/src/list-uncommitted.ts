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
let isReplaced = false;

/**
 * Whatever `ask` asks about the ends of logs is answered with high watermarks. kafkajs' admin client asks for the ends
 * that a `read_committed` reader may see, and has no way to ask for others.
 *
 * @throws Error when another version of kafkajs is installed
 */
export function withUncommittedEnds<T>(ask: () => Promise<T>): Promise<T> {
  replaceListOffsets();
  return uncommitted.run(true, ask);
}

function replaceListOffsets(): void {
  if (isReplaced) return;
  isReplaced = true;
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
