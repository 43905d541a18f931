import { type Db, listPolicies, notePolicy } from '@latchkey/postgres';
import type { BackgroundTask, Logger, Metrics } from '@latchkey/runtime';

/**
 * Notes which policy this reconciler decides with, and shows how many are at work: more than one overturn each other's
 * decisions wherever events of a person come to both.
 */
export function policyTask(
  db: Db,
  policyHash: string,
  { metrics, log }: { readonly metrics: Metrics; readonly log: Logger },
): BackgroundTask {
  const atWork = metrics.gauge('latchkey_policies_at_work');
  let known = '';
  return {
    name: 'policies',
    everyMs: 5_000,
    limitMs: 20_000,
    forget: () => {
      atWork.reset();
    },
    work: async () => {
      await db.run(notePolicy, { policyHash });
      const rows = await db.run(listPolicies, {});
      const hashes = rows.filter((row) => row.isAtWork).map((row) => row.policyHash);
      atWork.set(hashes.length);
      const seen = hashes.toSorted().join();
      if (seen !== known && hashes.length > 1) log.warn({ hashes }, 'several policies are at work');
      known = seen;
    },
  };
}
