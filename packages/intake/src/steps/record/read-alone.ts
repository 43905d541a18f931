import type { Policy } from '@latchkey/domain';
import {
  type CheckpointRow,
  type EngagementPlace,
  type EngagementRowKey,
  listFactEngagements,
  type Tx,
} from '@latchkey/postgres';
import { engagementKey } from './engagement-key.ts';
import { ALONE_LIMITS, createPagedBudget } from './read-budget.ts';
import { readPages } from './read-pages.ts';
import type { ReadPerson } from './read-person.ts';
import { readWhole, type ToReadWhole, type WholeEngagement } from './read-whole.ts';
import { emptyEngagement, headOf, type ReadEngagements } from './stored-record.ts';

/** Engagements that one statement lists. */
const LISTED_MAX_COUNT = 1_000;

/**
 * Reads a person alone, however many facts there are: engagements with a head from the facts above it, while these fit,
 * all others from all their facts, in pages.
 */
export async function readAlone(
  tx: Tx,
  identityId: string,
  checkpoints: readonly CheckpointRow[],
  policy: Policy,
): Promise<ReadPerson> {
  const budget = createPagedBudget(1);
  const all = await listEngagements(tx, identityId, checkpoints);
  const engagements: ReadEngagements = new Map(
    all.map((one) => [keyOf(one), emptyEngagement(one, one.checkpoint, policy)]),
  );
  let { maxRows: rowsLeft, maxBytes: bytesLeft } = ALONE_LIMITS;
  const unread = await readPages(tx, all.flatMap(placeAbove), budget, (rows, bytes) => {
    for (const row of rows) engagements.get(keyOf(row))?.facts.push(row);
    rowsLeft -= rows.length;
    bytesLeft -= bytes;
    return rowsLeft > 0 && bytesLeft > 0;
  });
  const cut = new Set(unread.map(keyOf));
  const others = all.filter((one) => cut.has(keyOf(one)) || placeAbove(one).length === 0);
  for (const one of others) engagements.delete(keyOf(one));
  const whole = new Map<string, WholeEngagement>();
  for (const one of await readWhole(tx, others, budget, policy)) whole.set(keyOf(one), one);
  return { engagements, whole };
}

/** Every engagement of an identity, with its checkpoint. */
async function listEngagements(
  tx: Tx,
  identityId: string,
  checkpoints: readonly CheckpointRow[],
): Promise<readonly ToReadWhole[]> {
  const known = new Map<string, CheckpointRow | undefined>();
  const keys = new Map<string, EngagementRowKey>();
  for (const row of checkpoints) {
    keys.set(keyOf(row), row);
    known.set(keyOf(row), row);
  }
  let after = { source: '', engagement: '' };
  for (;;) {
    // eslint-disable-next-line no-await-in-loop -- a page begins where the one before it has ended
    const rows = await tx.run(listFactEngagements, {
      identityId,
      ...after,
      maxRows: LISTED_MAX_COUNT,
    });
    for (const row of rows) keys.set(keyOf(row), row);
    const last = rows.at(-1);
    if (last === undefined || rows.length < LISTED_MAX_COUNT) break;
    after = { source: last.source, engagement: last.engagement };
  }
  return [...keys].map(([key, { source, engagement }]) => ({
    identityId,
    source,
    engagement,
    checkpoint: known.get(key),
  }));
}

/** None where it has no head, or one that refers to facts. */
function placeAbove(read: ToReadWhole): readonly EngagementPlace[] {
  const { identityId, source, engagement, checkpoint } = read;
  const head = headOf(checkpoint);
  if (head === undefined || checkpoint?.refers === true) return [];
  return [{ identityId, source, engagement, sourceOrder: head.throughOrder + 1n, eventId: null }];
}

function keyOf({ source, engagement }: Pick<EngagementRowKey, 'source' | 'engagement'>): string {
  return engagementKey(source, engagement);
}
