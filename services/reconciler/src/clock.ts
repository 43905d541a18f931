import { type IntakeContext, reconcileDue, sweepVerifications } from '@latchkey/intake';
import type { ReportTopic } from '@latchkey/postgres';
import {
  type Health,
  isPermanent,
  type Logger,
  retryForever,
  waitingAlarm,
  waitMs,
} from '@latchkey/runtime';

const EVERY_MS = 250;
const MAX_AT_ONCE = 200;

/**
 * Decides what became due, until asked to stop: identities whose next transition has come, and
 * verifications whose deadline has passed. Several reconcilers share the work.
 *
 * @param reports - where verifications are reported
 */
export async function runClock(
  context: IntakeContext,
  reports: () => ReportTopic,
  shell: { readonly log: Logger; readonly health: Health },
  signal: AbortSignal,
): Promise<void> {
  shell.health.ready('clock');
  const alarm = waitingAlarm('clock', shell);
  while (!signal.aborted) {
    /* eslint-disable no-await-in-loop -- one transaction after the other */
    const work = (): Promise<number> => decideDue(context, reports(), shell.log);
    const due = await retryForever(work, { signal, isPermanent, ...alarm }).catch(
      (error: unknown) => {
        if (signal.aborted) return 0;
        throw error;
      },
    );
    if (due < MAX_AT_ONCE) await waitMs(EVERY_MS, signal);
    /* eslint-enable no-await-in-loop */
  }
}

async function decideDue(
  context: IntakeContext,
  reports: ReportTopic,
  log: Logger,
): Promise<number> {
  const identities = await reconcileDue(context, MAX_AT_ONCE);
  const verifications = await sweepVerifications(context, reports, MAX_AT_ONCE);
  if (identities + verifications > 0) log.info({ identities, verifications }, 'due decided');
  return Math.max(identities, verifications);
}
