import type { FailureCode } from '@latchkey/contracts';
import type { Refusal } from '@latchkey/publication';

const REBASED: ReadonlySet<FailureCode> = new Set(['RELAY_ROW_MISSING', 'RELAY_ANCHOR_DIFFERS']);

/**
 * Whether a rebase may repair the topic. RELAY_ANCHOR_DIFFERS does not show which side went back: where Kafka did, an
 * operator names the topic to a replay.
 */
export function canRebase({ code }: Refusal): boolean {
  return REBASED.has(code);
}
