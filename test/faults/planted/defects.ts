import { fileURLToPath } from 'node:url';
import type { TrialName } from './trials.ts';

/** A plausible mistake, as a patch of the sources. */
export interface Defect {
  readonly number: number;
  readonly what: string;
  /** File name, beside this file. Its first line describes the defect. */
  readonly patch: string;
  readonly trial: TrialName;
  /** At least one of these checks must report the defect; others may too. */
  readonly checks: readonly [string, ...string[]];
}

type Named = Omit<Defect, 'number'>;

const NAMED: readonly Named[] = [
  {
    what: 'the position trusted to the consumer group, committed before the transaction',
    patch: '01-group-position.patch',
    trial: 'claimed/kill',
    checks: ['lost'],
  },
  {
    what: 'no inbox claim',
    patch: '02-no-claim.patch',
    trial: 'contention',
    checks: ['applied-twice'],
  },
  {
    what: 'claim outside the transaction',
    patch: '03-claim-alone.patch',
    trial: 'applied/error',
    checks: ['lost'],
  },
  {
    what: 'fingerprint ignored',
    patch: '04-no-fingerprint.patch',
    trial: 'contention',
    checks: ['conservation'],
  },
  {
    what: 'the fold in order of arrival',
    patch: '05-order-of-arrival.patch',
    trial: 'contention',
    checks: ['state'],
  },
  {
    what: 'unsorted locks',
    patch: '06-unsorted-locks.patch',
    trial: 'contention',
    checks: ['deadlocks'],
  },
  {
    what: '`now` read before the locks',
    patch: '07-early-clock.patch',
    trial: 'contention',
    checks: ['decided-in-order'],
  },
  {
    what: 'a sequence instead of the gapless log',
    patch: '08-sequence.patch',
    trial: 'rolled-back-append',
    checks: ['gap'],
  },
  {
    what: 'relay that reads its position before InitProducerId',
    patch: '09-early-position.patch',
    trial: 'late-commit',
    checks: ['published-twice'],
  },
  {
    what: 'one sendBatch over several partitions',
    patch: '10-one-batch.patch',
    trial: 'leaders-moved',
    checks: ['published-twice', 'inversion', 'gap', 'unpublished'],
  },
  {
    what: 'relay that keeps its producer after an error',
    patch: '11-kept-producer.patch',
    trial: 'relay-commit-acknowledged/error',
    checks: ['published-twice'],
  },
  {
    what: 'a dead letter for an error of the system',
    patch: '12-system-dead-letter.patch',
    trial: 'missing-right',
    checks: ['conservation'],
  },
  {
    what: 'random effect ids',
    patch: '13-random-ids.patch',
    trial: 'contention',
    checks: ['effect-id'],
  },
  {
    what: 'generation per identity instead of per account',
    patch: '14-generation-per-identity.patch',
    trial: 'contention',
    checks: ['generation'],
  },
  {
    what: 'claim and lookup of lost claims in one statement',
    patch: '15-one-statement-claim.patch',
    trial: 'contention',
    checks: ['conservation'],
  },
  {
    what: 'relay that fences before it checks that it owns the topic',
    patch: '16-late-ownership-check.patch',
    trial: 'second-installation',
    checks: ['fenced'],
  },
  {
    what: 'a verdict without a method verifies a purpose with factors',
    patch: '17-verdict-alone.patch',
    trial: 'rare-histories',
    checks: ['state'],
  },
  {
    what: 'an immediate leave that ends only the announced period',
    patch: '18-announced-only.patch',
    trial: 'rare-histories',
    checks: ['state'],
  },
  {
    what: 'deadlines that wait for the last stable offset instead of the high watermark',
    patch: '19-stable-offset.patch',
    trial: 'behind-a-transaction',
    checks: ['state'],
  },
  {
    what: 'the audit trail is ordered without waiting for open transactions',
    patch: '20-early-settled.patch',
    trial: 'late-audit-entry',
    checks: ['audit-order'],
  },
  {
    what: 'one transaction for events of two families',
    patch: '21-two-families.patch',
    trial: 'locked-identity',
    checks: ['blocked'],
  },
  {
    what: 'a redriven delivery whose dead letter has claimed its id counts as a duplicate',
    patch: '22-claimed-by-dead-letter.patch',
    trial: 'redriven',
    checks: ['lost'],
  },
  {
    what: 'a head taken above a tie',
    patch: '23-head-above-tie.patch',
    trial: 'beside-the-head',
    checks: ['state'],
  },
  {
    what: 'a late fact folded on the head',
    patch: '24-late-on-head.patch',
    trial: 'beside-the-head',
    checks: ['state'],
  },
  {
    what: 'an item that stays leased by a dead process',
    patch: '25-lease-for-ever.patch',
    trial: 'due-again',
    checks: ['due-work'],
  },
  {
    what: 'a retry that forgets a new policy',
    patch: '26-policy-forgotten.patch',
    trial: 'due-again',
    checks: ['due-work'],
  },
];

/** All defects; the harness must catch each. */
export const DEFECTS: readonly Defect[] = NAMED.map((named, index) => ({
  number: index + 1,
  ...named,
}));

export function patchPathOf({ patch }: Defect): string {
  return fileURLToPath(new URL(patch, import.meta.url));
}
