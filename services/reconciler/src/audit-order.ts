import { type Db, SEQUENCE_MAX_ENTRIES, sequenceAudit } from '@latchkey/postgres';
import type { BackgroundTask } from '@latchkey/runtime';

/**
 * Gives committed audit entries their positions in the order of the trail. Every reconciler does this: while one
 * sequences, the others find nothing to do.
 */
export function auditOrderTask(db: Db): BackgroundTask {
  return {
    name: 'audit-order',
    everyMs: 1_000,
    limitMs: 20_000,
    work: async () => {
      const ordered = await db.transaction((tx) => sequenceAudit(tx));
      return ordered < SEQUENCE_MAX_ENTRIES ? undefined : 'more';
    },
  };
}
