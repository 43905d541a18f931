export { type AuditDecision, type AuditEntryData, auditEntry } from './audit/audit-entry.ts';
export { type AccountDecision, type LifecycleDecision } from './audit/record-decision.ts';
export { textHash } from './audit/text-hash.ts';
export {
  type EndedAttempt,
  type OpenAttempt,
  type ReportDisposition,
  reportDisposition,
  type SettlingReason,
  type VerificationDecision,
} from './audit/verification-decision.ts';
export { type RawDelivery } from './delivery.ts';
export {
  type AccessDesiredData,
  type AccountState,
  type ChangeKind,
  type ChangeReason,
} from './effects/access.ts';
export { type DeliveryDeadLetteredData } from './effects/dead-letter.ts';
export {
  EFFECT_SCHEMAS,
  EFFECT_TOPIC,
  type EffectDataByType,
  type EffectType,
} from './effects/effect.ts';
export { type Lifecycle, type LifecycleChangedData } from './effects/lifecycle.ts';
export { type ReviewOpenedData } from './effects/review.ts';
export { type VerificationOutcome, type VerificationSettledData } from './effects/verification.ts';
export {
  EVENT_SCHEMAS,
  type Event,
  type EventDataByType,
  type EventOf,
  type EventType,
} from './events/event.ts';
export {
  ALL_FAMILIES,
  type EventIn,
  type Family,
  familyOf,
  familyOfInput,
  isOfFamily,
  type RecordEvent,
  type VerificationEvent,
} from './events/family.ts';
export { type Attributes, type AttributeValue, type PersonReference } from './events/fields.ts';
export { type BlockedData, type ReleasedData } from './events/person.ts';
export {
  type AttemptOpenedData,
  type CallProgressedData,
  type InputCheckedData,
  type RequestedData,
  type VerdictReachedData,
  type VerificationCancelledData,
} from './events/verification.ts';
export {
  type JoinedData,
  type LeftData,
  type MovedData,
  type RescindedData,
  type ResumedData,
  type StatedData,
  type SuspendedData,
} from './events/workforce.ts';
export {
  DEAD_LETTER_CODES,
  type DeadLetterCode,
  FAILURES,
  Failure,
  type FailureCode,
} from './failure.ts';
export { epochOf, epochStart, MAX_EPOCH, nextGeneration } from './generation.ts';
export { accountIdOf, ceIdOf, derivedId, identityIdOf } from './ids.ts';
export { canonicalJson } from './json/canonical.ts';
export { type Moment, resolveMoment } from './moment.ts';
export { partitionOf } from './partition-of.ts';
export { type Read, type RejectedClaim, readDelivery } from './read-delivery.ts';
export { type Rejection } from './rejection.ts';
export { type RegisteredSource, type SourceRegistry } from './sources.ts';
export { DEFAULT_TOPIC_NAMES, type InputTopic, type OutputTopic } from './topics.ts';
export { readUtf8, type Utf8Text } from './utf8-text.ts';
