/** INVALID_PRODUCER_EPOCH and PRODUCER_FENCED, which kafkajs knows by its number only. */
const FENCED_CODES: readonly unknown[] = [47, 90];

/** True if the brokers fenced a producer: another one has its transactional id, or its transaction timed out. */
export function isFenced(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('code' in error && FENCED_CODES.includes(error.code)) return true;
  return isFenced(error.cause);
}
