import { type Db, listPolicies, notePolicy } from '@latchkey/postgres';
import type { BackgroundTask, Logger, Metrics } from '@latchkey/runtime';

/**
 * Records which policy this reconciler decides by, and measures how many policies are in use. Reconcilers with different
 * policies reverse each other's decisions about a person whose events reach both.
 */
export function policyTask(
  db: Db,
  policyHash: string,
  { metrics, log }: { readonly metrics: Metrics; readonly log: Logger },
): BackgroundTask {
  const inUse = metrics.gauge('latchkey_policies_at_work');
  let reported = '';
  return {
    name: 'policies',
    everyMs: 5_000,
    limitMs: 20_000,
    forget: () => {
      inUse.reset();
    },
    work: async () => {
      await db.run(notePolicy, { policyHash });
      const rows = await db.run(listPolicies, {});
      const hashes = rows.filter((row) => row.isAtWork).map((row) => row.policyHash);
      inUse.set(hashes.length);
      const current = hashes.toSorted().join();
      if (current !== reported && hashes.length > 1) {
        log.warn({ hashes }, 'several policies are at work');
      }
      reported = current;
    },
  };
}
