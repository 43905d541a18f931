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
 * The heads that follow from a decision; a head that was not used, since it could not decide the facts that arrived, is
 * replaced or dropped.
 *
 * @param added - the facts that arrived
 */
export function recordChanges(
  identity: LockedIdentity,
  checkpoints: readonly NewCheckpoint[],
  added: readonly NewFact[],
): SavedRecord {
  if (checkpoints.length > 0) return withHeads(identity, checkpoints, added);
  let bytes = identity.readBytes();
  for (const { engagement, data } of added) {
    if (engagement !== undefined) bytes += bytesOfText(data);
  }
  return { changes: NO_HEADS, factBytes: BigInt(bytes) };
}

const NO_HEADS = { heads: [], droppedHeads: [], trimmedKeys: [], replacedKeys: [] };

function withHeads(
  { current, sizes, readAgain }: LockedIdentity,
  checkpoints: readonly NewCheckpoint[],
  added: readonly NewFact[],
): SavedRecord {
  const { identityId } = current;
  const made = checkpoints.flatMap(({ source, engagement, head }) =>
    head === undefined ? [] : [{ ...head, source, engagement }],
  );
  const keys = new Set(made.map(keyOf));
  return {
    changes: {
      heads: made.map(({ source, engagement, throughOrder, text, referred }) => ({
        identityId,
        source,
        engagement,
        throughOrder,
        head: text,
        referred,
      })),
      droppedHeads: checkpoints.flatMap(({ source, engagement, head }) =>
        head === undefined ? [{ identityId, source, engagement }] : [],
      ),
      replacedKeys: readAgain
        .filter((one) => keys.has(keyOf(one)))
        .map(({ source, engagement }) => ({ identityId, source, engagement })),
      trimmedKeys: made.flatMap(({ source, engagement, trimmedKeys }) =>
        trimmedKeys.map((rowKey) => ({ identityId, source, engagement, rowKey })),
      ),
    },
    factBytes: BigInt(nextReadBytes(sizes(), added.flatMap(sizeOfNew), made)),
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
