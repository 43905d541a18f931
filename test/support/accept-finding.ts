import { type Acceptance, type Accepted, acceptPartition } from '@latchkey/intake';
import { type Db, readProgress } from '@latchkey/postgres';

/** Accepts the current finding of a partition; reading continues at its position unless `options` differ. */
export async function acceptFinding(
  db: Db,
  place: Pick<Acceptance, 'topic' | 'partition'>,
  options: Partial<Acceptance> = {},
): Promise<Accepted> {
  const { topic, partition } = place;
  const [progress] = await db.run(readProgress, { topic, partition });
  return acceptPartition(db, {
    topic,
    partition,
    findingId: progress?.findingId ?? 'none',
    nextOffset: progress?.nextOffset ?? 0n,
    giveUpBefore: 0n,
    operator: 'grace',
    owner: 'iam',
    ...options,
  });
}
