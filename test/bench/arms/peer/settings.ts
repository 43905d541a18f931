import { integerSetting, textSetting } from '@latchkey/runtime';
import { reconcilerSettings } from '../../../../services/reconciler/src/settings.ts';

/** Settings of the peer: those of Latchkey's reconciler, and the tuned ones (docs/performance/peer.md). */
export const peerSettings = reconcilerSettings.safeExtend({
  PEER_PART: textSetting()
    .default('both')
    .describe(
      'what this process does: `inbox` consumes and handles, `outbox` publishes, or `both`',
    ),
  PEER_INBOX_BATCH: integerSetting(1, 1_000)
    .default(5)
    .describe('concurrent events: nextMessagesBatchSize of the inbox'),
  PEER_OUTBOX_BATCH: integerSetting(1, 1_000)
    .default(5)
    .describe('concurrent messages: nextMessagesBatchSize of the outbox'),
  PEER_POLL_MS: integerSetting(1, 60_000)
    .default(500)
    .describe('nextMessagesPollingIntervalInMs of both'),
  PEER_LOCK_MS: integerSetting(100, 600_000)
    .default(5_000)
    .describe('nextMessagesLockInMs of both: also the wait after a lock conflict'),
  PEER_INBOX_ORDER: textSetting()
    .default('one')
    .describe(
      'what is handled sequentially (segment): `one`, `by-partition`, `by-subject`; `none`: concurrency parallel',
    ),
  PEER_OUTBOX_ORDER: textSetting()
    .default('one')
    .describe('what is published sequentially (segment): `one`, `by-partition`, `by-key`'),
  PEER_MAX_WAITING: integerSetting(1, 10_000_000)
    .default(10_000_000)
    .describe('unhandled events in the inbox, at most; then no more are stored'),
});

export type PeerSettings = ReturnType<typeof peerSettings.parse>;
