import { type VerificationEvent } from '@latchkey/contracts';
import { type CountedFailure, type FailureCount, type FailureKey } from './counted-failure.ts';
import { comparable } from './name.ts';
import { type VerificationPolicy } from './policy.ts';
import { type VerificationState } from './verification.ts';

/** A counter's key as one text. */
export function failureCountId({ subject, purpose }: FailureKey): string {
  return `${subject}\n${purpose}`;
}

/** The counter that a report on this verification depends on; `undefined` where none is needed. */
export function failureKeyOf(
  verification: VerificationState | undefined,
  event: VerificationEvent,
): FailureKey | undefined {
  if (verification !== undefined && verification.state !== 'pending') return undefined;
  if (verification?.purpose !== undefined) return failureKeyOfState(verification);
  if (event.type !== 'latchkey.verification.requested.v1') return undefined;
  const { verification: id, person, purpose } = event.data;
  return {
    subject: subjectOf(id, person?.source, person?.externalId),
    purpose: comparable(purpose),
  };
}

/** Every counter that these reports on one verification could touch, each once, in a fixed order. */
export function failureKeysOf(
  verification: VerificationState | undefined,
  events: readonly VerificationEvent[],
): readonly FailureKey[] {
  const keys = new Map<string, FailureKey>();
  for (const event of events) {
    const key = failureKeyOf(verification, event);
    if (key !== undefined) keys.set(failureCountId(key), key);
  }
  return [...keys.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, key]) => key);
}

/** The counter of a verification of which the question is known. */
export function failureKeyOfState(verification: VerificationState): FailureKey {
  const { verificationId, personSource, personExternalId, purpose } = verification;
  if (purpose === undefined) throw new RangeError('this verification was not requested yet');
  return {
    subject: subjectOf(verificationId, personSource, personExternalId),
    purpose: comparable(purpose),
  };
}

/** A request can ask for fewer failures than the policy allows, never for more. */
export function failureLimitOf(
  verification: VerificationState,
  policy: VerificationPolicy,
): number {
  return Math.min(verification.maxFailures ?? policy.maxFailures, policy.maxFailures);
}

/** Failures in a row that are younger than the window. */
export function countFailures(
  count: FailureCount | undefined,
  atMs: number,
  policy: VerificationPolicy,
): number {
  return recentFailures(count, atMs, policy).length;
}

/** The same failure is counted once; no more are kept than are needed to lock. */
export function withFailure(
  key: FailureKey,
  count: FailureCount | undefined,
  failure: CountedFailure,
  policy: VerificationPolicy,
): FailureCount {
  const recent = recentFailures(count, failure.atMs, policy);
  const isCounted = recent.some(({ step }) => step === failure.step);
  const failures = isCounted ? recent : [...recent, failure].slice(-policy.maxFailures);
  return { ...key, failures };
}

function recentFailures(
  count: FailureCount | undefined,
  atMs: number,
  policy: VerificationPolicy,
): readonly CountedFailure[] {
  return (count?.failures ?? []).filter((failure) => atMs - failure.atMs < policy.failureWindowMs);
}

function subjectOf(
  verificationId: string,
  personSource: string | undefined,
  personExternalId: string | undefined,
): string {
  return personSource === undefined || personExternalId === undefined
    ? `verification#${verificationId}`
    : `${personSource}#${personExternalId}`;
}
