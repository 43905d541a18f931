import type { FailureCode } from '@latchkey/contracts';
import type { Refusal } from '@latchkey/publication';

const DATABASE_WENT_BACK: ReadonlySet<FailureCode> = new Set([
  'RELAY_ROW_MISSING',
  'RELAY_ANCHOR_DIFFERS',
]);

/** Whether a topic is refused because the database went back; anything else is mended otherwise. */
export function isForRebase({ code }: Refusal): boolean {
  return DATABASE_WENT_BACK.has(code);
}
