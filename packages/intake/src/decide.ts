import type { Policy } from '@latchkey/domain';
import type { Batch } from './batch.ts';
import { type Changes, joinChanges } from './changes.ts';
import type { Claimed } from './claim.ts';
import { DecideFailedError } from './data-error.ts';
import { deadLetterChanges } from './dead-letter.ts';
import { decideRecord } from './decide-record.ts';
import { decideVerifications } from './decide-verifications.ts';
import { isAboutRecord, isAboutVerification, type Locked } from './lock.ts';

/** What became of the deliveries of a batch; the five add up to `received`. */
export interface Counts {
  readonly received: number;
  readonly applied: number;
  readonly duplicate: number;
  readonly stale: number;
  readonly conflict: number;
  readonly deadLetter: number;
}

export interface Decided {
  readonly changes: Changes;
  readonly counts: Counts;
  /** Attribute values that no rule can see, because the policy does not declare them. */
  readonly undeclared: number;
}

/**
 * Decides what a batch changes: event by event in the order of the batch, and by nothing else than
 * what is given.
 *
 * @throws DecideFailedError whatever a decision threw
 */
export async function decide(
  claimed: Claimed,
  locked: Locked,
  {
    batch,
    epoch,
    policy,
  }: {
    readonly batch: Pick<Batch, 'topic' | 'partition'>;
    readonly epoch: number;
    readonly policy: Policy;
  },
): Promise<Decided> {
  try {
    const record = await decideRecord(
      claimed.events.filter(isAboutRecord),
      locked.record,
      policy,
      locked,
    );
    const verifications = decideVerifications(
      claimed.events.filter(isAboutVerification),
      locked.verifications,
      policy,
      locked,
    );
    const deadLetters = deadLetterChanges(batch, epoch, claimed.refused, locked.nowMs);
    const changes = joinChanges([
      record.changes,
      verifications,
      deadLetters,
      { conflicts: claimed.conflicts },
    ]);
    return { changes, counts: countsOf(claimed, record.stale), undeclared: record.undeclared };
  } catch (cause) {
    throw new DecideFailedError('deciding failed', { cause });
  }
}

function countsOf(claimed: Claimed, stale: number): Counts {
  const conflict = claimed.conflicts.reduce((sum, { count }) => sum + count, 0);
  const counts = {
    applied: claimed.events.length - stale,
    duplicate: claimed.duplicates,
    stale,
    conflict,
    deadLetter: claimed.refused.length,
  };
  const received = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return { received, ...counts };
}
