import { type IntakeContext, reconcileDue, sweepVerifications } from '@latchkey/intake';
import type { ReportTopic } from '@latchkey/postgres';
import { type BackgroundTask, isPermanent, type Logger } from '@latchkey/runtime';

const MAX_AT_ONCE = 200;

/**
 * Decides what became due: identities whose next transition has come, and verifications whose deadline has passed.
 * Several reconcilers share the work. A refusal ends the process.
 *
 * @param reports - where verifications are reported
 */
export function clockTask(
  context: IntakeContext,
  reports: () => ReportTopic,
  log: Pick<Logger, 'info'>,
): BackgroundTask {
  return {
    name: 'clock',
    part: 'clock',
    everyMs: 250,
    isPermanent,
    work: async () => {
      const due = await decideDue(context, reports(), log);
      return due < MAX_AT_ONCE ? undefined : 'more';
    },
  };
}

/** Returns the larger of the two numbers of due items that it decided. */
async function decideDue(
  context: IntakeContext,
  reports: ReportTopic,
  log: Pick<Logger, 'info'>,
): Promise<number> {
  const identities = await reconcileDue(context, MAX_AT_ONCE);
  const verifications = await sweepVerifications(context, reports, MAX_AT_ONCE);
  if (identities + verifications > 0) log.info({ identities, verifications }, 'due decided');
  return Math.max(identities, verifications);
}
