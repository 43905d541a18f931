import { Failure } from '@latchkey/contracts';
import type { Session } from '@latchkey/postgres';
import { refusalOfLane, refusalOfTopic, type TopicEvidence } from '@latchkey/publication';
import { isForRebase } from './is-for-rebase.ts';
import { moveLane } from './move-lane.ts';
import type { ReplayFrom } from './replay-from.ts';

/**
 * Lanes in which a rebase has begun to move messages: some stand at their old, some at their new positions. Where Kafka
 * has lost something since, a position that was given ends the moving: the messages come to stand behind what is common.
 *
 * @throws Failure RELAY_ROW_MISSING where `relay rebase` can go on, or no position was given
 */
export async function endMoving(
  session: Session,
  topic: string,
  evidence: TopicEvidence,
  wanted: { readonly partition: number | undefined; readonly from: ReplayFrom },
): Promise<void> {
  const begun = evidence.lanes.filter(
    ({ partition, mendingAfter }) =>
      mendingAfter !== undefined &&
      (wanted.partition === undefined || partition === wanted.partition),
  );
  for (const lane of begun) {
    const refusal = refusalOfTopic(evidence) ?? refusalOfLane(lane, evidence.epoch);
    const isLost = refusal !== undefined && !isForRebase(refusal);
    if (isLost && wanted.from !== undefined) continue;
    const next = isLost ? 'give --from' : 'relay rebase';
    const found = `partition ${lane.partition}: a rebase has begun to move messages: ${next}`;
    throw new Failure('RELAY_ROW_MISSING', { topic, found });
  }
  for (const { lane, mendingAfter = 0n } of begun) {
    // eslint-disable-next-line no-await-in-loop -- lane by lane, in their order
    await moveLane(session, { lane, after: mendingAfter, to: mendingAfter });
  }
}
