import { comparable } from './name.ts';

/** The policy for verifications. Durations are milliseconds. */
export interface VerificationPolicy {
  /** The factors that must all match in one attempt. None, or an unknown purpose: only a verdict decides. */
  readonly purposes: ReadonlyMap<string, { readonly factors: readonly string[] }>;
  /** Failures in a row at which a person (else a verification) is locked for a purpose. */
  readonly maxFailures: number;
  readonly failureWindowMs: number;
  /** How long a question stays open that names no `expiresAt`, and how long a success is valid. */
  readonly validityMs: number;
  /** How long an ended call waits for its verdict. */
  readonly graceMs: number;
  /** How long a fact waits for what it is about. */
  readonly parkedMs: number;
  /** `verified` with a score that is not over it decides nothing. */
  readonly scoreThreshold: number;
}

/** The factors that verify a purpose once they have all matched in one attempt; may be empty. */
export function factorsOf(policy: VerificationPolicy, purpose: string): readonly string[] {
  return policy.purposes.get(comparable(purpose))?.factors ?? [];
}
