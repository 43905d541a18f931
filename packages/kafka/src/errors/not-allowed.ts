const DENIALS: ReadonlySet<string> = new Set([
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
]);
const CAUSES_MAX_COUNT = 5;

/** The brokers' access rules forbid the operation. May be retried: an administrator may grant the right. */
export class NotAllowedError extends Error {
  override readonly name = 'NotAllowedError';
}

/** True if brokers denied an operation because of their access rules. kafkajs wraps this in causes. */
export function isDenial(error: unknown): boolean {
  let at = error;
  for (let depth = 0; depth < CAUSES_MAX_COUNT && at instanceof Error; depth += 1) {
    if (at instanceof NotAllowedError) return true;
    if ('type' in at && DENIALS.has(String(at.type))) return true;
    // Creating several topics fails with a list.
    if ('errors' in at && Array.isArray(at.errors) && at.errors.some(isDenial)) return true;
    at = at.cause;
  }
  return false;
}

/** The error for a missing right, as in `Write on topic orders`. */
export function notAllowed(right: string, options?: ErrorOptions): NotAllowedError {
  return new NotAllowedError(`the brokers do not allow it: needed is ${right}`, options);
}

/**
 * Runs `work`. If the brokers deny it, the error names the missing right: their replies name neither resource nor
 * operation.
 *
 * @param right - as in `Write on transactional id latchkey-relay.orders`
 * @throws NotAllowedError instead of the brokers' denial
 */
export async function explainDenial<T>(right: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof NotAllowedError || !isDenial(error)) throw error;
    throw notAllowed(right, { cause: error });
  }
}
