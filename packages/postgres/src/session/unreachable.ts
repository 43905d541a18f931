import { Failure } from '@latchkey/contracts';
import { sqlStateOf } from '../sql-state.ts';
import { RoleRefusedError } from './settle-session.ts';
import { ConnectError } from './settled-pool.ts';

/**
 * For callers that do not wait for a connection: Failure DATABASE_UNREACHABLE, with the reason as a code and
 * without address, login and password. Any other error is returned as it is.
 */
export function asUnreachable(error: unknown): unknown {
  const reason = reasonOf(error);
  return reason === undefined
    ? error
    : new Failure('DATABASE_UNREACHABLE', { reason }, { cause: error });
}

/** Undefined where the error is not about connecting. */
function reasonOf(error: unknown): string | undefined {
  if (error instanceof RoleRefusedError) return error.message;
  if (!(error instanceof ConnectError)) return undefined;
  const { cause } = error;
  const state = sqlStateOf(cause);
  if (state !== undefined) return `SQLSTATE ${state}`;
  if (!(cause instanceof Error)) return 'unknown';
  // Without a code it is a sentence of the driver ("timeout expired"), which quotes nothing.
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
}
