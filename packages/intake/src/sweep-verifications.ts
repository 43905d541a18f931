import type { Policy } from '@latchkey/domain';
import { type Db, lockDueVerifications, readClock } from '@latchkey/postgres';
import { apply } from './apply.ts';
import { decideDueVerifications } from './decide-verifications.ts';
import { lockDueWorlds } from './lock-verifications.ts';
import type { Outputs } from './outputs.ts';

/**
 * Settles verifications whose deadline has passed, in one transaction. Acts only on those whose
 * input partition was read past the deadline (`read_through_at`): our own lag expires nobody.
 *
 * @returns how many were due; `limit` means that there may be more
 */
export function sweepVerifications(
  db: Db,
  policy: Policy,
  outputs: Outputs,
  limit: number,
): Promise<number> {
  return db.transaction(async (tx) => {
    const rows = await tx.run(lockDueVerifications, { limit });
    if (rows.length === 0) return 0;
    const locked = await lockDueWorlds(tx, rows);
    const [clock] = await tx.run(readClock, {});
    const nowMs = clock?.nowMs ?? 0;
    await apply(tx, decideDueVerifications(rows, locked, policy, nowMs), outputs, nowMs);
    return rows.length;
  });
}
