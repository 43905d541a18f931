import type { FailureCode } from '@latchkey/contracts';
import type { Refusal } from '@latchkey/publication';

const REBASED: ReadonlySet<FailureCode> = new Set(['RELAY_ROW_MISSING', 'RELAY_ANCHOR_DIFFERS']);

/**
 * Whether `relay rebase` may mend the topic. RELAY_ANCHOR_DIFFERS does not tell which side went back: where it was Kafka
 * an operator names the topic to `relay replay`.
 */
export function isForRebase({ code }: Refusal): boolean {
  return REBASED.has(code);
}
