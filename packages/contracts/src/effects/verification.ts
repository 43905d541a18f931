import { z } from 'zod';
import { oneOf, person } from '../events/fields.ts';
import { generation, type Immutable, instant, name } from './fields.ts';

export const verificationOutcome = oneOf(['verified', 'failed', 'locked', 'expired', 'cancelled']);

export const verificationSettled = z.object({
  verification: name,
  person: person.optional(),
  purpose: name,
  outcome: verificationOutcome,
  attempt: name.optional(),
  channel: oneOf(['voice', 'sms', 'email', 'app']).optional(),
  method: name.optional(),
  decidedAt: instant,
  validUntil: instant.nullable(),
  generation,
});

export type VerificationOutcome = z.infer<typeof verificationOutcome>;
/** How a verification ended; `validUntil` is `null` unless it is `verified`. */
export type VerificationSettledData = Immutable<z.infer<typeof verificationSettled>>;
