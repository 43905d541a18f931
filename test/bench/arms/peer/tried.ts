import type { PeerTuning } from '../transactional-outbox.ts';

/** A tried configuration of the peer. */
export interface Tried {
  readonly name: string;
  readonly tuning: PeerTuning;
}

const KEYED = { PEER_INBOX_ORDER: 'by-subject', PEER_OUTBOX_ORDER: 'by-key' } as const;
const FREE = { PEER_INBOX_ORDER: 'none', PEER_OUTBOX_ORDER: 'by-key' } as const;
const QUICK = { PEER_POLL_MS: '20', PEER_MAX_WAITING: '500' } as const;
const batches = (inbox: number, outbox: number): Readonly<Record<string, string>> => ({
  PEER_INBOX_BATCH: String(inbox),
  PEER_OUTBOX_BATCH: String(outbox),
});

/** From its defaults on, one change at a time. Results are in docs/performance/peer.md. */
export const TRIED: readonly Tried[] = [
  { name: 'defaults', tuning: { isSplit: false, env: {} } },
  {
    name: 'by partition',
    tuning: {
      isSplit: false,
      env: {
        PEER_INBOX_ORDER: 'by-partition',
        PEER_OUTBOX_ORDER: 'by-partition',
        ...QUICK,
        ...batches(16, 20),
      },
    },
  },
  { name: 'by key', tuning: { isSplit: false, env: { ...KEYED, ...QUICK, ...batches(20, 50) } } },
  {
    name: 'by key, unbounded inbox',
    tuning: {
      isSplit: false,
      env: { ...KEYED, ...batches(20, 50), PEER_POLL_MS: '20' },
    },
  },
  { name: 'parallel', tuning: { isSplit: false, env: { ...FREE, ...QUICK, ...batches(20, 50) } } },
  {
    name: 'parallel, 100 waiting',
    tuning: {
      isSplit: false,
      env: { ...FREE, ...QUICK, ...batches(20, 50), PEER_MAX_WAITING: '100' },
    },
  },
  {
    name: 'parallel, two processes',
    tuning: { isSplit: true, env: { ...FREE, ...QUICK, ...batches(20, 50) } },
  },
  {
    name: 'parallel, small batches',
    tuning: { isSplit: false, env: { ...FREE, ...QUICK, ...batches(6, 10) } },
  },
  {
    name: 'parallel, large batches',
    tuning: { isSplit: false, env: { ...FREE, ...QUICK, ...batches(60, 150) } },
  },
  {
    name: 'parallel, lock 500 ms',
    tuning: { isSplit: false, env: { ...FREE, ...QUICK, ...batches(20, 50), PEER_LOCK_MS: '500' } },
  },
  {
    name: 'by key, lock 500 ms',
    tuning: {
      isSplit: false,
      env: { ...KEYED, ...QUICK, ...batches(20, 50), PEER_LOCK_MS: '500' },
    },
  },
];
