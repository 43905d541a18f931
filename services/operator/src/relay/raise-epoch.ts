import { Failure, MAX_EPOCH } from '@latchkey/contracts';
import {
  appendAudit,
  type Db,
  lockDeciders,
  raiseEpoch,
  readOutputState,
  type Session,
  sqlStateOf,
} from '@latchkey/postgres';
import { type KafkaAccess, readPublishedTail, type TopicFindings } from '@latchkey/publication';
import type { Repair } from './open-repair.ts';

const LOCK_NOT_AVAILABLE = '55P03';
/** Each waits up to 10 s for those who decide at the moment. */
const ATTEMPTS = 6;

/** The highest epoch that is known to have been published. */
export async function highestEpoch(
  kafka: KafkaAccess,
  findings: ReadonlyMap<string, TopicFindings>,
): Promise<number> {
  const epochs = [0];
  for (const [topic, { evidence, logs }] of findings) {
    epochs.push(...evidence.lanes.map(({ committed }) => committed?.epoch ?? 0));
    // Where Kafka has forgotten a position, the last message tells.
    const forgotten = evidence.lanes.flatMap(({ partition, committed }) => {
      const log = logs.get(partition);
      if (committed !== undefined || log === undefined) return [];
      return [[partition, { log, back: undefined, keep: -1n }] as const];
    });
    // eslint-disable-next-line no-await-in-loop -- one group at a time
    const tails = await readPublishedTail(kafka, topic, new Map(forgotten));
    epochs.push(...[...tails.values()].flat().map(({ epoch }) => epoch));
  }
  return Math.max(...epochs);
}

/**
 * Raises the epoch above everything that was published. Waits for those who decide at the moment:
 * whoever decides later counts in the new epoch.
 *
 * @param published - the highest that was
 * @returns the new epoch
 */
export async function raiseAbove(
  db: Db,
  session: Pick<Session, 'transaction'>,
  published: number,
  { operator, owner }: Pick<Repair, 'operator' | 'owner'>,
): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    // eslint-disable-next-line no-await-in-loop -- one attempt after the other
    const { epoch: from } = await readOutputState(db);
    const to = Math.max(from, published) + 1;
    if (to > MAX_EPOCH) throw new Failure('CONFIG_INVALID', { problems: ['no epoch is left'] });
    try {
      // eslint-disable-next-line no-await-in-loop -- see above
      await session.transaction(async (tx) => {
        await tx.run(lockDeciders, {});
        const [raised] = await tx.run(raiseEpoch, { epoch: to });
        if (raised === undefined) throw new Error('somebody else has raised the epoch');
        appendAudit(tx, [
          {
            decidedAtMs: raised.nowMs,
            subjectKind: 'output_state',
            subjectId: 'epoch',
            trigger: 'operator',
            eventId: undefined,
            decider: `operator:${operator}`,
            owner,
            decisions: JSON.stringify([{ kind: 'epoch_raised', from, to }]),
          },
        ]);
      });
      return to;
    } catch (error) {
      if (attempt >= ATTEMPTS || sqlStateOf(error) !== LOCK_NOT_AVAILABLE) throw error;
    }
  }
}
