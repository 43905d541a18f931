import type { Policy } from '@latchkey/domain';
import type { Origin } from './batch.ts';
import { type Changes, joinChanges } from './changes.ts';
import type { Claimed, ClaimedEvent } from './claim.ts';
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
  readonly countsOf: (origin: Origin) => Counts;
  /** Attribute values that no rule can see, because the policy does not declare them. */
  readonly undeclaredOf: (origin: Origin) => number;
}

/**
 * Decides what deliveries change: event by event in their order, and by nothing else than what is
 * given.
 *
 * @throws DecideFailedError whatever a decision threw
 */
export async function decide(claimed: Claimed, locked: Locked, policy: Policy): Promise<Decided> {
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
    const deadLetters = deadLetterChanges(claimed.refused, locked.nowMs);
    const changes = joinChanges([
      record.changes,
      verifications,
      deadLetters,
      { conflicts: claimed.conflicts },
    ]);
    return {
      changes,
      countsOf: (origin) => countsOf(origin, claimed, record.stale),
      undeclaredOf: (origin) => record.undeclared.get(origin) ?? 0,
    };
  } catch (cause) {
    throw new DecideFailedError('deciding failed', { cause });
  }
}

function countsOf(origin: Origin, claimed: Claimed, stale: readonly ClaimedEvent[]): Counts {
  const count = (all: readonly { readonly origin: Origin }[]): number =>
    all.filter((one) => one.origin === origin).length;
  const counts = {
    applied: count(claimed.events) - count(stale),
    duplicate: count(claimed.duplicates),
    stale: count(stale),
    conflict: count(claimed.contradicting),
    deadLetter: count(claimed.refused),
  };
  const received = Object.values(counts).reduce((sum, one) => sum + one, 0);
  return { received, ...counts };
}
