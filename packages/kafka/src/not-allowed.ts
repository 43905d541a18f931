const DENIALS: ReadonlySet<string> = new Set([
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
]);
const CAUSES_MAX_COUNT = 5;

/** The brokers' access rules forbid it. Worth a retry: an administrator may grant the right. */
export class NotAllowedError extends Error {
  override readonly name = 'NotAllowedError';
}

/** True where brokers refused an operation because of their access rules; kafkajs hides it among causes. */
export function isDenial(error: unknown): boolean {
  let at = error;
  for (let depth = 0; depth < CAUSES_MAX_COUNT && at instanceof Error; depth += 1) {
    if (at instanceof NotAllowedError) return true;
    if ('type' in at && DENIALS.has(String(at.type))) return true;
    // Of several topics that were to be created.
    if ('errors' in at && Array.isArray(at.errors) && at.errors.some(isDenial)) return true;
    at = at.cause;
  }
  return false;
}

/**
 * Does `work`, and says which right it lacked where the brokers refuse it: their own answers name neither resource nor
 * operation.
 *
 * @param right - as in `Write on transactional id latchkey-relay.orders`
 * @throws NotAllowedError in the place of the brokers' refusal
 */
export async function needing<T>(right: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof NotAllowedError || !isDenial(error)) throw error;
    throw new NotAllowedError(`the brokers do not allow it: needed is ${right}`, { cause: error });
  }
}
