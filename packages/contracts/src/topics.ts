/** Topics that others write and we read; logical names. */
export type InputTopic = 'workforce-events' | 'verification-events';

/** Topics that we write; logical names. */
export type OutputTopic = 'lifecycle' | 'access' | 'verifications' | 'reviews' | 'dead-letters';

/** What each topic is called on the broker unless the configuration says otherwise. */
export const DEFAULT_TOPIC_NAMES: Readonly<Record<InputTopic | OutputTopic, string>> = {
  'workforce-events': 'latchkey.workforce-events.v1',
  'verification-events': 'latchkey.verification-events.v1',
  lifecycle: 'latchkey.lifecycle.v1',
  access: 'latchkey.access.v1',
  verifications: 'latchkey.verifications.v1',
  reviews: 'latchkey.reviews.v1',
  'dead-letters': 'latchkey.dead-letters.v1',
};
