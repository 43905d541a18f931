import { integerSetting, textSetting } from '@latchkey/runtime';
import { reconcilerSettings } from '../../../../services/reconciler/src/settings.ts';

/** What the peer is told: what Latchkey's reconciler is told, and what was tuned for it (docs/performance/peer.md). */
export const peerSettings = reconcilerSettings.extend({
  PEER_PART: textSetting()
    .default('both')
    .describe(
      'what this process does: `inbox` consumes and handles, `outbox` publishes, or `both`',
    ),
  PEER_INBOX_BATCH: integerSetting(1, 1_000)
    .default(5)
    .describe('events in hand at once: nextMessagesBatchSize of the inbox'),
  PEER_OUTBOX_BATCH: integerSetting(1, 1_000)
    .default(5)
    .describe('messages in hand at once: nextMessagesBatchSize of the outbox'),
  PEER_POLL_MS: integerSetting(1, 60_000)
    .default(500)
    .describe('nextMessagesPollingIntervalInMs of both'),
  PEER_LOCK_MS: integerSetting(100, 600_000)
    .default(5_000)
    .describe('nextMessagesLockInMs of both: also how long one waits that has met a lock'),
  PEER_INBOX_ORDER: textSetting()
    .default('one')
    .describe(
      'what is handled one after the other (segment): `one`, `by-partition`, `by-subject`; `none`: concurrency parallel',
    ),
  PEER_OUTBOX_ORDER: textSetting()
    .default('one')
    .describe('what is published one after the other (segment): `one`, `by-partition`, `by-key`'),
  PEER_MAX_WAITING: integerSetting(1, 10_000_000)
    .default(10_000_000)
    .describe('events in the inbox that are not handled, beyond which no more are stored'),
});

export type PeerSettings = ReturnType<typeof peerSettings.parse>;
