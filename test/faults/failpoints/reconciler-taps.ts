import type { QueryTaps } from './failpoint-client.ts';
import type { Failpoints } from './failpoints.ts';
import type { ReconcilerPoint } from './points.ts';

type Points = Readonly<Record<string, ReconcilerPoint>>;

/** The boundaries of one kind of transaction, by the name of the statement. */
interface Boundaries {
  readonly sending: Points;
  readonly sent: Points;
  readonly answered: Points;
}

const BATCH: Boundaries = {
  sending: {
    lock_progress: 'parsed',
    lock_free_progress: 'parsed',
    upsert_heads: 'facts-appended',
    lock_lanes: 'applied',
    commit: 'outbox-appended',
  },
  sent: { commit: 'commit-sent' },
  answered: {
    lock_progress: 'begun',
    lock_free_progress: 'begun',
    insert_claims: 'claimed',
    select_decision_moment: 'locked',
    commit: 'commit-acknowledged',
  },
};
/** Leases items that are due, at least one. */
const LEASE: Boundaries = { sending: {}, sent: { commit: 'due-lease-sent' }, answered: {} };
/** Decides items that were leased. */
const DUE: Boundaries = {
  sending: { lock_leased_identities: 'due-leased', commit: 'due-decided' },
  sent: { commit: 'due-commit-sent' },
  answered: { commit: 'due-commit-acknowledged' },
};
const OTHER: Boundaries = { sending: {}, sent: {}, answered: {} };

/** The statement that shows which kind of transaction this is. */
const SHOWN_BY: Readonly<Record<string, Boundaries>> = {
  begin: OTHER,
  lock_progress: BATCH,
  lock_free_progress: BATCH,
  lease_tried_work: LEASE,
  lock_leased_identities: DUE,
};

/** The boundaries of batches, and of identities that are due. No other transactions reach any. */
export function createReconcilerTaps(failpoints: Failpoints): QueryTaps {
  let boundaries = OTHER;
  const pass = async (points: Points, name: string): Promise<'go' | 'error'> => {
    const point = points[name];
    return point === undefined ? 'go' : failpoints.reached(point);
  };
  return {
    waitsForAnswers: (name) => {
      const point = boundaries.sending[name];
      return point !== undefined && failpoints.isArmed(point);
    },
    sending: (name) => {
      boundaries = SHOWN_BY[name] ?? boundaries;
      return pass(boundaries.sending, name);
    },
    sent: (name) => pass(boundaries.sent, name),
    answered: (name, rowCount) => {
      if (name === 'lease_fresh_identities' && rowCount > 0) boundaries = LEASE;
      return pass(boundaries.answered, name);
    },
  };
}
