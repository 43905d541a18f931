import type { Rejection } from '@latchkey/contracts';

/** All dispositions of a delivery. */
export const DISPOSITIONS = ['applied', 'duplicate', 'stale', 'conflict', 'dead_letter'] as const;

/** The outcome of one delivery. */
export interface DeliveryOutcome {
  readonly disposition: (typeof DISPOSITIONS)[number];
  /**
   * JSON text: what a retry of the event gets. Stored with the claim, so that a duplicate has the answer of the first
   * delivery; undefined where the disposition is the whole answer.
   */
  readonly answer: string | undefined;
  /** Why it is a dead letter. */
  readonly failure: Rejection | undefined;
  /** Attribute values that no rule can see, because the policy does not declare them. */
  readonly undeclared: number;
  /** True: applied, and stored for good; what follows from it is decided later, by due work. */
  readonly undecided: boolean;
}

/** Numbers of deliveries by disposition; the five add up to `received`. */
export interface Counts {
  readonly received: number;
  readonly applied: number;
  readonly duplicate: number;
  readonly stale: number;
  readonly conflict: number;
  readonly deadLetter: number;
}

/** Counts outcomes by disposition. */
export function countOutcomes(outcomes: readonly DeliveryOutcome[]): Counts {
  const counts = { applied: 0, duplicate: 0, stale: 0, conflict: 0, dead_letter: 0 };
  for (const { disposition } of outcomes) counts[disposition] += 1;
  const { dead_letter: deadLetter, ...others } = counts;
  return { received: outcomes.length, ...others, deadLetter };
}
