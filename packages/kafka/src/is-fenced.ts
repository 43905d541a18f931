/** INVALID_PRODUCER_EPOCH and PRODUCER_FENCED, which kafkajs knows by its number only. */
const FENCED_CODES: readonly unknown[] = [47, 90];

/** True where the brokers refused a producer since another one has its transactional id, or its transaction was timed out. */
export function isFenced(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('code' in error && FENCED_CODES.includes(error.code)) return true;
  return isFenced(error.cause);
}
