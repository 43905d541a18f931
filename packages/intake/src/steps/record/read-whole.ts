import {
  createFullReading,
  type EngagementKey,
  type FullReading,
  type KnownEngagement,
  type Policy,
} from '@latchkey/domain';
import {
  type CheckpointRow,
  type EngagementPlace,
  type EngagementRowKey,
  type FactRow,
  LOWEST_ORDER,
  type Tx,
} from '@latchkey/postgres';
import type { PagedBudget } from './read-budget.ts';
import { readPages } from './read-pages.ts';
import type { FactSize } from './read-sizes.ts';
import { asFact, baseOf, introduces, sizeOf } from './stored-record.ts';

/** An engagement of which all facts are to be read. */
export interface ToReadWhole extends EngagementRowKey {
  readonly checkpoint: CheckpointRow | undefined;
}

/** An engagement of which all facts were read that were not pruned. */
export interface WholeEngagement extends EngagementKey {
  readonly checkpoint: CheckpointRow | undefined;
  /** @throws what reading it threw */
  readonly known: () => KnownEngagement;
  readonly sizes: readonly FactSize[];
  /** A `joined` or `stated` is among its facts. */
  readonly isIntroduced: boolean;
}

/**
 * Reads engagements from all their facts, in pages.
 *
 * @returns one for each, in their order
 */
export async function readWhole(
  tx: Tx,
  engagements: readonly ToReadWhole[],
  budget: PagedBudget,
  policy: Policy,
): Promise<readonly WholeEngagement[]> {
  const readers = engagements.map((one) => createReader(one, policy));
  const byKey = new Map(engagements.map((one, at) => [keyOf(one), readers[at]]));
  await readPages(tx, engagements.map(beginningOf), budget, (rows) => {
    for (const [key, own] of Map.groupBy(rows, keyOf)) byKey.get(key)?.add(own);
    return true;
  });
  return readers.map((reader) => reader.finish());
}

function beginningOf({ identityId, source, engagement, checkpoint }: ToReadWhole): EngagementPlace {
  const sourceOrder = checkpoint?.prunedBelow ?? LOWEST_ORDER;
  return { identityId, source, engagement, sourceOrder, eventId: null };
}

interface Reader {
  readonly add: (rows: readonly FactRow[]) => void;
  readonly finish: () => WholeEngagement;
}

/** An error of reading concerns the decision about this person, and no other: it is thrown there. */
function createReader(key: ToReadWhole, policy: Policy): Reader {
  const sizes: FactSize[] = [];
  let isIntroduced = false;
  let read: { readonly by: FullReading } | { readonly error: unknown };
  const reading = (next: () => FullReading): void => {
    try {
      read = { by: next() };
    } catch (error) {
      read = { error };
    }
  };
  reading(() => createFullReading(key, baseOf(key.checkpoint), policy));
  return {
    add: (rows) => {
      for (const row of rows) {
        sizes.push(sizeOf(row));
        isIntroduced ||= introduces(row.kind);
      }
      if ('error' in read) return;
      const { by } = read;
      reading(() => {
        by.add(rows.map(asFact));
        return by;
      });
    },
    finish: () => ({
      source: key.source,
      engagement: key.engagement,
      checkpoint: key.checkpoint,
      known: () => {
        if ('error' in read) throw read.error;
        return read.by.finish();
      },
      sizes,
      isIntroduced,
    }),
  };
}

function keyOf({ identityId, source, engagement }: EngagementRowKey): string {
  return `${identityId}#${source}#${engagement}`;
}
