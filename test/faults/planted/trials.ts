import type { Servers } from '../arena/arena.ts';
import { behindATransaction } from './trials/behind-a-transaction.ts';
import { caseTrial } from './trials/case.ts';
import { contention } from './trials/contention.ts';
import type { TrialFinding } from './trials/drain.ts';
import { duel } from './trials/duel.ts';
import { leadersMoved } from './trials/leaders-moved.ts';
import { missingRight } from './trials/missing-right.ts';
import { rareStories } from './trials/rare-stories.ts';
import { rolledBackAppend } from './trials/rolled-back-append.ts';
import { secondInstallation } from './trials/second-installation.ts';

/** Puts the sources that it runs from to the test. Nothing found: they are sound, as far as it looks. */
interface Trial {
  /** The stack that it needs. */
  readonly brokers: 1 | 3;
  /** @throws Error when what it wanted to provoke did not come about: then it proves nothing */
  readonly run: (servers: Servers) => Promise<readonly TrialFinding[]>;
}

/** What planted defects are tried with. Those with a slash are cases of the sweep. */
export const TRIALS = {
  'claimed/kill': { brokers: 1, run: (servers) => caseTrial(servers, 'claimed/kill/1') },
  'applied/error': { brokers: 1, run: (servers) => caseTrial(servers, 'applied/error/1') },
  'relay-commit-acknowledged/error': {
    brokers: 1,
    run: (servers) => caseTrial(servers, 'relay-commit-acknowledged/error/1'),
  },
  contention: { brokers: 1, run: contention },
  duel: { brokers: 1, run: duel },
  'rolled-back-append': { brokers: 1, run: rolledBackAppend },
  'second-installation': { brokers: 1, run: secondInstallation },
  'missing-right': { brokers: 1, run: missingRight },
  'behind-a-transaction': { brokers: 1, run: behindATransaction },
  'rare-stories': { brokers: 1, run: rareStories },
  'leaders-moved': { brokers: 3, run: leadersMoved },
} as const satisfies Record<string, Trial>;

export type TrialName = keyof typeof TRIALS;
