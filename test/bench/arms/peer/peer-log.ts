import { getDisabledLogger, type TransactionalLogger } from 'pg-transactional-outbox';

/** Errors alone: with all of what it logs (one line an event and more) it would be slower. */
export function peerLog(): TransactionalLogger {
  return {
    ...getDisabledLogger(),
    error: (...said: unknown[]) => {
      console.error('peer:', ...said);
    },
  };
}
