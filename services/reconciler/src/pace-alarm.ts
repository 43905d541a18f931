import type { Round } from '@latchkey/intake';
import type { WorkKind } from '@latchkey/postgres';
import type { Logger } from '@latchkey/runtime';

/**
 * Logs what rounds of due work have done, and an alarm from the round on in which so many different items have failed in a row that one
 * a minute is tried, until one succeeds.
 */
export function paceAlarm(
  log: Pick<Logger, 'info' | 'warn'>,
): (kind: WorkKind, round: Round) => void {
  const slowed = new Set<WorkKind>();
  return (kind, { tried, failed, isSlowed }) => {
    if (tried > failed) log.info({ kind, decided: tried - failed }, 'due decided');
    if (failed > 0) log.warn({ kind, failed }, 'due work failed; it comes again');
    if (isSlowed === slowed.has(kind)) return;
    if (isSlowed) {
      slowed.add(kind);
      log.warn({ kind }, 'due work is slowed: one item a minute is tried');
    } else {
      slowed.delete(kind);
      log.info({ kind }, 'due work is at full speed again');
    }
  };
}
