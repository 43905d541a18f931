import { getDisabledLogger, type TransactionalLogger } from 'pg-transactional-outbox';

/** Logs errors only. Its full log has several lines per event and would slow it down. */
export function peerLog(): TransactionalLogger {
  return {
    ...getDisabledLogger(),
    error: (...values: unknown[]) => {
      console.error('peer:', ...values);
    },
  };
}
