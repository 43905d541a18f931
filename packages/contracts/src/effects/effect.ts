import { type OutputTopic } from '../topics.ts';
import { type AccessDesiredData, accessDesired } from './access.ts';
import { type DeliveryDeadLetteredData, deliveryDeadLettered } from './dead-letter.ts';
import { type LifecycleChangedData, lifecycleChanged } from './lifecycle.ts';
import {
  type ReviewOpenedData,
  type ReviewResolvedData,
  reviewOpened,
  reviewResolved,
} from './review.ts';
import { type VerificationSettledData, verificationSettled } from './verification.ts';

/** What a message of each type carries. */
export interface EffectDataByType {
  readonly 'latchkey.lifecycle.changed.v1': LifecycleChangedData;
  readonly 'latchkey.access.desired.v1': AccessDesiredData;
  readonly 'latchkey.verification.settled.v1': VerificationSettledData;
  readonly 'latchkey.review.opened.v1': ReviewOpenedData;
  readonly 'latchkey.review.resolved.v1': ReviewResolvedData;
  readonly 'latchkey.delivery.dead-lettered.v1': DeliveryDeadLetteredData;
}

export type EffectType = keyof EffectDataByType;

/** The contract of each type's data. */
export const EFFECT_SCHEMAS = {
  'latchkey.lifecycle.changed.v1': lifecycleChanged,
  'latchkey.access.desired.v1': accessDesired,
  'latchkey.verification.settled.v1': verificationSettled,
  'latchkey.review.opened.v1': reviewOpened,
  'latchkey.review.resolved.v1': reviewResolved,
  'latchkey.delivery.dead-lettered.v1': deliveryDeadLettered,
} as const satisfies Record<EffectType, unknown>;

/** The topic that each type is published to. */
export const EFFECT_TOPIC: Readonly<Record<EffectType, OutputTopic>> = {
  'latchkey.lifecycle.changed.v1': 'lifecycle',
  'latchkey.access.desired.v1': 'access',
  'latchkey.verification.settled.v1': 'verifications',
  'latchkey.review.opened.v1': 'reviews',
  'latchkey.review.resolved.v1': 'reviews',
  'latchkey.delivery.dead-lettered.v1': 'dead-letters',
};
