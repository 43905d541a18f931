import { type AttemptState, CLAIMS_MAX_COUNT } from './attempt.ts';
import { comparable } from './name.ts';

/** Joins the names of factors in a `method`. */
const AND = '+';

/** The factors of a purpose that a method names, in the order of the policy. Names that it has none of are ignored. */
export function factorsIn(
  method: string | undefined,
  ofPurpose: readonly string[],
): readonly string[] {
  const named = new Set(method?.split(AND).map(comparable));
  return ofPurpose.filter((factor) => named.has(factor));
}

/** How it was verified, by the factors of its purpose. */
export function methodOf(factors: readonly string[]): string {
  return factors.join(AND);
}

/** Whether all of these factors have matched in this attempt, by steps or by what verdicts named. */
export function haveMatched(attempt: AttemptState, factors: readonly string[]): boolean {
  const { steps = [], claims = [] } = attempt.detail;
  const matched = new Set([
    ...claims.flat(),
    ...steps.flatMap(({ result, factor }) =>
      result === 'match' && factor !== undefined ? [comparable(factor)] : [],
    ),
  ]);
  return factors.every((factor) => matched.has(factor));
}

/** Whether a verdict of this attempt has claimed exactly this before. */
export function isClaimed(attempt: AttemptState, factors: readonly string[]): boolean {
  const { claims = [] } = attempt.detail;
  return claims.some((claim) => methodOf(claim) === methodOf(factors));
}

/**
 * The attempt with this claim. One that names nothing new is not kept beyond 20, so that what is kept is bounded by
 * the factors of a purpose.
 */
export function withClaim(attempt: AttemptState, factors: readonly string[]): AttemptState {
  const { claims = [] } = attempt.detail;
  const known = new Set(claims.flat());
  const isNew = factors.some((factor) => !known.has(factor));
  if (!isNew && claims.length >= CLAIMS_MAX_COUNT) return attempt;
  const state = factors.length > 0 ? 'checking' : attempt.state;
  return { ...attempt, state, detail: { ...attempt.detail, claims: [...claims, factors] } };
}
