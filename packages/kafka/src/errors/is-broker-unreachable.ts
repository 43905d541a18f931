const CAUSES_MAX_COUNT = 5;

/** kafkajs's errors of a connection, and of brokers that do not answer. Other classes are known by `retriable`. */
const NAMES: ReadonlySet<string> = new Set([
  'KafkaJSConnectionClosedError',
  'KafkaJSConnectionError',
  'KafkaJSGroupCoordinatorNotFound',
  'KafkaJSRequestTimeoutError',
  'KafkaJSTimeout',
]);

/** True where brokers cannot be reached, or refuse for a moment, as while the leader of a partition moves. */
export function isBrokerUnreachable(error: unknown): boolean {
  let at = error;
  for (let depth = 0; depth < CAUSES_MAX_COUNT && at instanceof Error; depth += 1) {
    if (NAMES.has(at.name)) return true;
    if (at.name.startsWith('KafkaJS') && 'retriable' in at && at.retriable === true) return true;
    at = at.cause;
  }
  return false;
}
