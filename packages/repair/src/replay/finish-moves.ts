import { Failure } from '@latchkey/contracts';
import type { Session } from '@latchkey/postgres';
import { checkLane, checkTopic, type TopicEvidence } from '@latchkey/publication';
import { canRebase } from '../can-rebase.ts';
import { moveLane } from '../move/move-lane.ts';
import type { ReplayFrom } from './replay-from.ts';

/**
 * Finishes what a killed rebase left: lanes with some messages at their old and some at their new positions. Where Kafka
 * has lost something since, and the caller gives a position, the messages move to directly after the common position.
 *
 * @throws Failure RELAY_ROW_MISSING where another rebase can finish the moves, or no position was given
 */
export async function finishMoves(
  session: Session,
  topic: string,
  evidence: TopicEvidence,
  wanted: { readonly partition: number | undefined; readonly from: ReplayFrom },
): Promise<void> {
  const begun = evidence.lanes.filter(
    ({ partition, movingAfter }) =>
      movingAfter !== undefined &&
      (wanted.partition === undefined || partition === wanted.partition),
  );
  for (const lane of begun) {
    const refusal = checkTopic(evidence) ?? checkLane(lane, evidence.epoch);
    const isLost = refusal !== undefined && !canRebase(refusal);
    if (isLost && wanted.from !== undefined) continue;
    const next = isLost ? 'give --from' : 'relay rebase';
    const found = `partition ${lane.partition}: a rebase has begun to move messages: ${next}`;
    throw new Failure('RELAY_ROW_MISSING', { topic, found });
  }
  for (const { lane, movingAfter = 0n } of begun) {
    // eslint-disable-next-line no-await-in-loop -- lane by lane, in their order
    await moveLane(session, { lane, after: movingAfter, to: movingAfter });
  }
}
