import {
  adoptParkedIdentities,
  adoptParkedVerifications,
  countDueWork,
  type Db,
  forgetPaces,
} from '@latchkey/postgres';
import type { BackgroundTask, Logger, Metrics } from '@latchkey/runtime';

const ADOPTED_MAX_ROWS = 1_000;

/** Measures how much of each kind is due, how much of it failed, and for how long the oldest has been due. */
export function dueWorkTask(db: Db, metrics: Metrics): BackgroundTask {
  const due = metrics.gauge('latchkey_work_due');
  const failing = metrics.gauge('latchkey_work_failing');
  const oldest = metrics.gauge('latchkey_work_oldest_overdue_seconds');
  const slowed = metrics.gauge('latchkey_work_slowed');
  return {
    name: 'due-work',
    everyMs: 10_000,
    limitMs: 20_000,
    forget: () => {
      for (const gauge of [due, failing, oldest, slowed]) gauge.reset();
    },
    work: async () => {
      for (const row of await db.run(countDueWork, {})) {
        const { kind } = row;
        due.set({ kind }, row.due);
        failing.set({ kind }, row.failing);
        oldest.set({ kind }, row.oldestOverdueSeconds);
        slowed.set({ kind }, row.isSlowed ? 1 : 0);
      }
    },
  };
}

/** Hands over to due work what an older version has parked, and forgets paces that no process uses any more. */
export function adoptionTask(db: Db, log: Pick<Logger, 'info'>): BackgroundTask {
  return {
    name: 'adoption',
    everyMs: 10_000,
    limitMs: 20_000,
    work: async () => {
      const limit = ADOPTED_MAX_ROWS;
      const identities = await db.run(adoptParkedIdentities, { limit });
      const verifications = await db.run(adoptParkedVerifications, { limit });
      const adopted = { identities: identities.length, verifications: verifications.length };
      if (adopted.identities + adopted.verifications > 0) log.info(adopted, 'parked work adopted');
      await db.run(forgetPaces, {});
      return Math.max(adopted.identities, adopted.verifications) < limit ? undefined : 'more';
    },
  };
}
