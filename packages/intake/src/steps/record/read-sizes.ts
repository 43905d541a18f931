import { engagementKey } from './engagement-key.ts';

/** One fact that was read. */
export interface FactSize {
  readonly source: string;
  readonly engagement: string;
  readonly eventId: string;
  readonly order: bigint;
  readonly bytes: number;
}

/** What was read of an identity. */
export interface ReadSizes {
  /** Bytes of heads, by engagement. */
  readonly heads: ReadonlyMap<string, number>;
  readonly facts: readonly FactSize[];
  /** Facts that heads refer to. */
  readonly referred: readonly FactSize[];
}

/** The head that is saved of an engagement. */
interface SavedSize {
  readonly source: string;
  readonly engagement: string;
  readonly throughOrder: bigint;
  readonly head: string;
  readonly referred: readonly string[];
}

export const NOTHING_READ: ReadSizes = { heads: new Map(), facts: [], referred: [] };

/** Bytes of a text as it is stored and sent. */
export function bytesOfText(text: string): number {
  return Buffer.byteLength(text);
}

/**
 * What the next transaction has to read of an identity, in bytes: heads, the facts above them, and those that they
 * refer to.
 *
 * @param read - by this transaction
 * @param arriving - facts that it adds; without those about the person, which are not read
 * @param saved - the heads that it saves
 */
export function nextReadBytes(
  read: ReadSizes,
  arriving: readonly FactSize[],
  saved: readonly SavedSize[],
): number {
  const headOf = new Map(saved.map((head) => [keyOf(head), head]));
  let bytes = 0;
  for (const [key, size] of read.heads) if (!headOf.has(key)) bytes += size;
  for (const { head } of saved) bytes += bytesOfText(head);
  const referred = new Set(saved.flatMap((head) => head.referred));
  for (const fact of [...read.facts, ...arriving]) {
    const through = headOf.get(keyOf(fact))?.throughOrder;
    const isAbove = through === undefined || fact.order > through;
    if (isAbove || referred.has(fact.eventId)) bytes += fact.bytes;
  }
  for (const fact of read.referred) {
    if (!headOf.has(keyOf(fact)) || referred.has(fact.eventId)) bytes += fact.bytes;
  }
  return bytes;
}

function keyOf({ source, engagement }: Pick<FactSize, 'source' | 'engagement'>): string {
  return engagementKey(source, engagement);
}
