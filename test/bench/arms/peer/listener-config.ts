import type { ListenerConfig, PollingListenerConfig } from 'pg-transactional-outbox';
import { PEER_SCHEMA } from './peer-tables.ts';
import type { PeerSettings } from './settings.ts';

/** Settings of its README, except for tuned ones. */
export function listenerConfig(
  outboxOrInbox: 'inbox' | 'outbox',
  settings: PeerSettings,
): PollingListenerConfig {
  const isInbox = outboxOrInbox === 'inbox';
  const batchSize = isInbox ? settings.PEER_INBOX_BATCH : settings.PEER_OUTBOX_BATCH;
  return {
    outboxOrInbox,
    dbListenerConfig: connectionOf(settings, 2),
    dbHandlerConfig: connectionOf(settings, batchSize),
    settings: {
      dbSchema: PEER_SCHEMA,
      dbTable: outboxOrInbox,
      enableMaxAttemptsProtection: isInbox,
      enablePoisonousMessageProtection: isInbox,
      nextMessagesBatchSize: batchSize,
      nextMessagesFunctionSchema: PEER_SCHEMA,
      nextMessagesFunctionName: `next_${outboxOrInbox}_messages`,
      nextMessagesLockInMs: settings.PEER_LOCK_MS,
      nextMessagesPollingIntervalInMs: settings.PEER_POLL_MS,
    },
  };
}

/** Configures connections as ours: pipelined, with plans that are prepared once. */
export function connectionOf(
  { DATABASE_URL }: PeerSettings,
  max: number,
): NonNullable<ListenerConfig['dbHandlerConfig']> & { max: number; pipeline: boolean } {
  return {
    connectionString: DATABASE_URL,
    application_name: 'peer',
    max,
    pipeline: true,
    options: '-c timezone=UTC -c plan_cache_mode=force_generic_plan',
  };
}
