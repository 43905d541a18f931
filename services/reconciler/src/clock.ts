import { type IntakeContext, type Round, reconcileDue, sweepVerifications } from '@latchkey/intake';
import { type ReportTopic, WORK_KINDS, type WorkKind } from '@latchkey/postgres';
import { type BackgroundTask, isPermanent, type Logger } from '@latchkey/runtime';
import { paceAlarm } from './pace-alarm.ts';

/** How each kind of due work is done: one without does not compile. */
const ROUNDS: Readonly<
  Record<WorkKind, (context: IntakeContext, reports: ReportTopic) => Promise<Round>>
> = {
  clock: (context) => reconcileDue(context),
  sweep: sweepVerifications,
};

/**
 * Decides what became due: identities whose next transition has come, and verifications whose deadline has passed.
 * Several reconcilers share the work. What cannot be decided comes again. A refusal ends the process.
 *
 * @param reports - where verifications are reported
 */
export function clockTask(
  context: IntakeContext,
  reports: () => ReportTopic,
  log: Pick<Logger, 'info' | 'warn'>,
): BackgroundTask {
  const alarm = paceAlarm(log);
  return {
    name: 'clock',
    part: 'clock',
    everyMs: 250,
    isPermanent,
    work: async () => {
      let tried = 0;
      const failures: unknown[] = [];
      for (const kind of WORK_KINDS) {
        try {
          // eslint-disable-next-line no-await-in-loop -- one kind after the other
          const round = await ROUNDS[kind](context, reports());
          alarm(kind, round);
          tried += round.tried;
        } catch (error) {
          // The other kinds do not wait for this one.
          failures.push(error);
        }
      }
      if (failures.length > 0) throw failures[0];
      return tried === 0 ? undefined : 'more';
    },
  };
}
