import type { NewCheckpoint } from '@latchkey/domain';
import type { NewFact } from '@latchkey/postgres';
import type { Changes } from '../changes.ts';
import { engagementKey } from './engagement-key.ts';
import type { LockedIdentity } from './known-identity.ts';
import { bytesOfText, type FactSize, nextReadBytes } from './read-sizes.ts';

/** What is saved of an identity's record beside its facts. */
export interface SavedRecord {
  readonly changes: Pick<Changes, 'heads' | 'droppedHeads' | 'trimmedKeys' | 'replacedKeys'>;
  /** What the next transaction has to read, in bytes. */
  readonly factBytes: bigint;
}

/**
 * The heads that follow from a decision. A head that was not used, since it could not decide the facts that arrived, is
 * replaced or dropped.
 *
 * @param added - the facts that arrived
 */
export function recordChanges(
  { current, sizes, readAgain }: LockedIdentity,
  checkpoints: readonly NewCheckpoint[],
  added: readonly NewFact[],
): SavedRecord {
  const { identityId } = current;
  const arrived = added.flatMap(sizeOfNew);
  const made = new Set(checkpoints.map(keyOf));
  const named = new Set(arrived.map(keyOf));
  const again = readAgain.map(({ source, engagement }) => ({ identityId, source, engagement }));
  return {
    changes: {
      heads: checkpoints.map(({ source, engagement, throughOrder, text, referred }) => ({
        identityId,
        source,
        engagement,
        throughOrder,
        head: text,
        referred,
      })),
      droppedHeads: again.filter((one) => named.has(keyOf(one)) && !made.has(keyOf(one))),
      replacedKeys: again.filter((one) => made.has(keyOf(one))),
      trimmedKeys: checkpoints.flatMap(({ source, engagement, trimmedKeys }) =>
        trimmedKeys.map((rowKey) => ({ identityId, source, engagement, rowKey })),
      ),
    },
    factBytes: BigInt(nextReadBytes(sizes(), arrived, checkpoints)),
  };
}

/** Facts about the person as such are read from their switches. */
function sizeOfNew({ source, engagement, eventId, sourceOrder, data }: NewFact): FactSize[] {
  if (engagement === undefined) return [];
  return [{ source, engagement, eventId, order: sourceOrder, bytes: bytesOfText(data) }];
}

function keyOf({ source, engagement }: Pick<FactSize, 'source' | 'engagement'>): string {
  return engagementKey(source, engagement);
}
