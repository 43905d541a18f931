import { DEAD_LETTER_CODES, Failure } from '@latchkey/contracts';

const DEFAULT_LIMIT_ROWS = 50;
const MAX_LIMIT_ROWS = 10_000;

/** Failure USAGE_INVALID with this problem. */
export function usageInvalid(problem: string): Failure {
  return new Failure('USAGE_INVALID', { problems: [problem] });
}

/** @throws Failure USAGE_INVALID where the value is missing or empty */
export function required(value: string | undefined, name: string): string {
  if (value !== undefined && value !== '') return value;
  throw usageInvalid(`${name}: required; --help shows the usage`);
}

/**
 * Parses `--limit`: 50 where it is missing.
 *
 * @throws Failure USAGE_INVALID unless it is from 1 to 10,000
 */
export function limitRows(text: string | undefined): number {
  if (text === undefined) return DEFAULT_LIMIT_ROWS;
  const limit = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= MAX_LIMIT_ROWS) return limit;
  throw usageInvalid(`--limit: expected a whole number from 1 to ${MAX_LIMIT_ROWS}`);
}

/** @throws Failure USAGE_INVALID, with the list of codes, for a code that no dead letter can have */
export function checkDeadLetterCode(code: string | undefined): void {
  const codes: readonly string[] = DEAD_LETTER_CODES;
  if (code === undefined || codes.includes(code)) return;
  throw usageInvalid(`--code: expected one of ${codes.join(', ')}`);
}
