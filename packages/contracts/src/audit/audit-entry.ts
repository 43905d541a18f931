import { z } from 'zod';
import { type Immutable, instant } from '../effects/fields.ts';
import { oneOf } from '../events/fields.ts';
import { owner, qualifiedEventId } from './fields.ts';
import { operatorDecisions } from './operator-decision.ts';
import {
  accountDecided,
  factRecorded,
  identityUndecided,
  lifecycleDecided,
} from './record-decision.ts';
import { reportRecorded, verificationDecisions } from './verification-decision.ts';

export const auditDecision = z.discriminatedUnion('kind', [
  factRecorded,
  lifecycleDecided,
  accountDecided,
  identityUndecided,
  reportRecorded,
  ...verificationDecisions,
  ...operatorDecisions,
]);

export const auditEntry = z.object({
  decidedAt: instant,
  subjectKind: oneOf([
    'identity',
    'verification',
    'dead_letter',
    'intake_progress',
    'output_topic',
    'output_state',
  ]),
  subjectId: z.string().min(1),
  trigger: oneOf(['event', 'clock', 'operator']),
  /** How the delivery arrived; absent for the clock and in entries of earlier versions. */
  origin: oneOf(['kafka', 'operator']).optional(),
  /** The event that caused it; absent for the clock and for operators' commands. */
  eventId: qualifiedEventId.optional(),
  decider: z.string().regex(/^(policy|operator):./),
  owner,
  decisions: z.array(auditDecision),
});

/**
 * One line of an audit entry. It names people by identity id only, and contains no free text: texts have a
 * `reasonHash` here.
 */
export type AuditDecision = Immutable<z.infer<typeof auditDecision>>;
/** Who or what decided what about a subject, and because of which event. */
export type AuditEntryData = Immutable<z.infer<typeof auditEntry>>;
