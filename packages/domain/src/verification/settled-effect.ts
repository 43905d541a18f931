import { type VerificationSettledData } from '@latchkey/contracts';
import { isRequested, type VerificationState } from './verification.ts';

/**
 * Data of `latchkey.verification.settled.v1`; `validUntil` is `null` unless it is verified.
 *
 * @throws RangeError when the verification is pending
 */
export function settledEffect(verification: VerificationState): VerificationSettledData {
  const { state, decidedAtMs, validUntilMs } = verification;
  if (state === 'pending' || decidedAtMs === undefined || !isRequested(verification)) {
    throw new RangeError('a pending verification has no outcome');
  }
  const {
    verificationId,
    purpose,
    personSource: source,
    personExternalId: externalId,
  } = verification;
  const { attempt, channel, method, generation } = verification;
  return {
    verification: verificationId,
    ...(source === undefined || externalId === undefined ? {} : { person: { source, externalId } }),
    purpose,
    outcome: state,
    ...(attempt === undefined ? {} : { attempt }),
    ...(channel === undefined ? {} : { channel }),
    ...(method === undefined ? {} : { method }),
    decidedAt: instantOf(decidedAtMs),
    validUntil: validUntilMs === undefined ? null : instantOf(validUntilMs),
    generation,
  };
}

function instantOf(atMs: number): string {
  return new Date(atMs).toISOString();
}
