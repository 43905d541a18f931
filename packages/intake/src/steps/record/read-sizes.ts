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
  /** Bytes of what is left of pruned facts. */
  readonly bases: number;
  readonly facts: readonly FactSize[];
  /** Facts that heads refer to. */
  readonly referred: readonly FactSize[];
}

/** The head that is saved of an engagement. */
interface SavedSize {
  readonly source: string;
  readonly engagement: string;
  readonly throughOrder: bigint;
  readonly text: string;
  readonly referred: readonly string[];
}

/** Bytes of a text as it is stored and sent. */
export function bytesOfText(text: string): number {
  return Buffer.byteLength(text);
}

/**
 * What the next transaction has to read of an identity, in bytes: heads, the facts above them, those that they refer to, and
 * what is left of pruned facts.
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
  const made = new Map(saved.map((head) => [keyOf(head), head]));
  const named = new Set(saved.flatMap(({ referred }) => referred));
  const heads = [...read.heads].flatMap(([key, bytes]) => (made.has(key) ? [] : [bytes]));
  const isRead = (fact: FactSize): boolean => {
    const through = made.get(keyOf(fact))?.throughOrder;
    return through === undefined || fact.order > through || named.has(fact.eventId);
  };
  return sum([
    read.bases,
    ...heads,
    ...saved.map(({ text }) => bytesOfText(text)),
    ...[...read.facts, ...arriving, ...read.referred].filter(isRead).map(({ bytes }) => bytes),
  ]);
}

function sum(all: readonly number[]): number {
  return all.reduce((total, one) => total + one, 0);
}

function keyOf({ source, engagement }: Pick<FactSize, 'source' | 'engagement'>): string {
  return engagementKey(source, engagement);
}
