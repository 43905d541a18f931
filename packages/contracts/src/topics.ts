/** Input topics: logical names. */
export type InputTopic = 'workforce-events' | 'verification-events';

/** Output topics: logical names. */
export type OutputTopic = 'lifecycle' | 'access' | 'verifications' | 'reviews' | 'dead-letters';

/** The name of each topic on the broker, unless configured otherwise. */
export const DEFAULT_TOPIC_NAMES: Readonly<Record<InputTopic | OutputTopic, string>> = {
  'workforce-events': 'latchkey.workforce-events.v1',
  'verification-events': 'latchkey.verification-events.v1',
  lifecycle: 'latchkey.lifecycle.v1',
  access: 'latchkey.access.v1',
  verifications: 'latchkey.verifications.v1',
  reviews: 'latchkey.reviews.v1',
  'dead-letters': 'latchkey.dead-letters.v1',
};
