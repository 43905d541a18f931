import { FAILURES, Failure, type FailureCode } from '@latchkey/contracts';
import { redact } from './redact.ts';

/**
 * Failures of the configuration or the environment, which a restart does not repair. A list of its own, as no retry class
 * means the same: NOT_FOUND is `do_not_retry` and ends with exit code 1; SCHEMA_OLD may be tried again after a migration.
 */
const REFUSALS: ReadonlySet<FailureCode> = new Set([
  'CONFIG_INVALID',
  'USAGE_INVALID',
  'POLICY_INVALID',
  'PARTITION_COUNT_DIFFERS',
  'TOPIC_SETTING',
  'TIMESTAMP_TYPE',
  'SCHEMA_OLD',
  'DATABASE_SESSION',
] as const);

/** True where the process ends with exit code 2. */
export function isRefusal(failure: Failure): boolean {
  return REFUSALS.has(failure.code);
}

/** Returns the failure that ended the work, also if closing failed after it. */
export function failureIn(error: unknown): Failure | undefined {
  if (error instanceof SuppressedError) return failureIn(error.suppressed);
  return error instanceof Failure ? error : undefined;
}

/**
 * For the operator's eyes: code, meaning, details and next step in one line, and one indented line for
 * each element of a list among the details.
 */
export function describeFailure(failure: Failure): string {
  const details = Object.entries(redact(failure.details));
  const inline = details.flatMap(([name, value]) =>
    Array.isArray(value) || value === undefined ? [] : [`${name}=${asText(value)}`],
  );
  const lists = details.flatMap(([, value]): readonly unknown[] =>
    Array.isArray(value) ? value : [],
  );
  const { meaning, nextStep } = FAILURES[failure.code];
  const shown = inline.length === 0 ? '' : ` (${inline.join(', ')})`;
  const first = `${failure.code}: ${meaning}${shown}. Next: ${nextStep}`;
  return [first, ...lists.map((item) => `  ${asText(item)}`)].join('\n');
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
