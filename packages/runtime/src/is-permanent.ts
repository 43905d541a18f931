import { Failure } from '@latchkey/contracts';

/** True for what waiting cannot repair: a named failure, unless its code may be tried again as it is. */
export function isPermanent(error: unknown): boolean {
  return error instanceof Failure && error.retryClass !== 'retry_safe';
}
