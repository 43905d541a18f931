import type { Servers } from '../arena/arena.ts';
import { behindATransaction } from './trials/behind-a-transaction.ts';
import { besideTheHead } from './trials/beside-the-head.ts';
import { runCaseTrial } from './trials/case.ts';
import { contention } from './trials/contention.ts';
import type { TrialFinding } from './trials/drain.ts';
import { dueAgain } from './trials/due-again.ts';
import { lateAuditEntry } from './trials/late-audit-entry.ts';
import { lateCommit } from './trials/late-commit.ts';
import { leadersMoved } from './trials/leaders-moved.ts';
import { lockedIdentity } from './trials/locked-identity.ts';
import { missingRight } from './trials/missing-right.ts';
import { rareHistories } from './trials/rare-histories.ts';
import { redriven } from './trials/redriven.ts';
import { rolledBackAppend } from './trials/rolled-back-append.ts';
import { secondInstallation } from './trials/second-installation.ts';

/** Runs the sources and judges the result. Without findings they are correct as far as this trial checks. */
interface Trial {
  /** Number of brokers that it needs. */
  readonly brokers: 1 | 3;
  /** @throws Error when it could not provoke its situation; then it proves nothing */
  readonly run: (servers: Servers) => Promise<readonly TrialFinding[]>;
}

/** Trials for planted defects. Names with a slash are cases of the sweep. */
export const TRIALS = {
  'claimed/kill': { brokers: 1, run: (servers) => runCaseTrial(servers, 'claimed/kill/1') },
  'applied/error': { brokers: 1, run: (servers) => runCaseTrial(servers, 'applied/error/1') },
  'relay-commit-acknowledged/error': {
    brokers: 1,
    run: (servers) => runCaseTrial(servers, 'relay-commit-acknowledged/error/1'),
  },
  contention: { brokers: 1, run: contention },
  'late-commit': { brokers: 1, run: lateCommit },
  'rolled-back-append': { brokers: 1, run: rolledBackAppend },
  'second-installation': { brokers: 1, run: secondInstallation },
  'missing-right': { brokers: 1, run: missingRight },
  'behind-a-transaction': { brokers: 1, run: behindATransaction },
  'rare-histories': { brokers: 1, run: rareHistories },
  'late-audit-entry': { brokers: 1, run: lateAuditEntry },
  'due-again': { brokers: 1, run: dueAgain },
  'locked-identity': { brokers: 1, run: lockedIdentity },
  'beside-the-head': { brokers: 1, run: besideTheHead },
  redriven: { brokers: 1, run: redriven },
  'leaders-moved': { brokers: 3, run: leadersMoved },
} as const satisfies Record<string, Trial>;

export type TrialName = keyof typeof TRIALS;
