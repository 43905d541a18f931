import {
  deleteDueWork,
  giveBackWork,
  type LeasedWork,
  resetPace,
  sqlStateOf,
} from '@latchkey/postgres';
import type { IntakeContext } from '../steps/context.ts';
import { isDataError } from '../steps/data-error.ts';
import { isHalved } from '../steps/halving.ts';
import { type DueKind, ROUND_LIMITS, type RoundLimits } from './due-kind.ts';
import { failItem } from './fail-item.ts';
import { type Leased, leaseItems } from './lease-items.ts';

/** What one round has done. */
export interface Round {
  /** Items that were tried; there may be more unless it is 0. */
  readonly tried: number;
  /** Those of them that could not be decided. */
  readonly failed: number;
  /** So many different items have failed in a row that one a minute is tried. */
  readonly isSlowed: boolean;
}

/**
 * Runs one round of a kind: leases items that are due in a transaction of its own, and decides them in another. Fresh
 * items come first and together; one that was tried before is tried alone. An item that another process has leased is left to
 * it until the lease has run out.
 *
 * Where a batch cannot be decided, each of its items is by itself: one that cannot be decided then comes again later, and at once under
 * another policy or build, and the others are decided. After any other error the items are given back, and it is thrown.
 */
export async function runRound(
  context: IntakeContext,
  kind: DueKind,
  limits: RoundLimits = ROUND_LIMITS,
): Promise<Round> {
  const leased = await leaseItems(context, kind, limits);
  const tried = leased.items.length;
  if (tried === 0) return { tried, failed: 0, isSlowed: leased.isSlowed };
  try {
    await decideItems(context, kind, leased);
    return { tried, failed: 0, isSlowed: false };
  } catch (error) {
    const [only, ...others] = leased.items;
    if (!isOfItems(error) || only === undefined)
      return giveBackAndThrow(context, kind, leased, error);
    if (others.length > 0) return decideEach(context, kind, leased);
    return { tried, failed: 1, isSlowed: await failItem(context, kind, only, error) };
  }
}

/**
 * An error that the items may have caused: by what they are, or by how much there is to read of them. More errors than those
 * that isolate an event: an item that is set aside comes again, and nothing is lost.
 */
function isOfItems(error: unknown): boolean {
  if (isDataError(error) || isHalved(error)) return true;
  if (DEFECTS.some((defect) => error instanceof defect)) return true;
  return VALUE_CLASSES.has(sqlStateOf(error)?.slice(0, 2) ?? '');
}

/** What a mistake in our code throws, for instance about a value that it does not expect. */
const DEFECTS = [TypeError, RangeError, SyntaxError, ReferenceError];

/** Classes of SQLSTATEs that are about values: data exceptions and integrity constraints. */
const VALUE_CLASSES: ReadonlySet<string> = new Set(['22', '23']);

function decideItems(
  { db, build, ...deciding }: IntakeContext,
  kind: DueKind,
  { items, reviews }: Pick<Leased, 'items' | 'reviews'>,
): Promise<void> {
  const itemIds = items.map(({ itemId }) => itemId);
  return db.transaction(async (tx) => {
    deleteDueWork(tx, kind.kind, itemIds);
    tx.finally(resetPace, { kind: kind.kind, policy: deciding.policy.hash, build });
    await kind.decide(tx, { itemIds, resolved: reviews }, { ...deciding, build });
  });
}

/** Ends early where the pace becomes slow: what was not tried is given back. */
async function decideEach(
  context: IntakeContext,
  kind: DueKind,
  { items }: Pick<Leased, 'items'>,
): Promise<Round> {
  let failed = 0;
  let isSlowed = false;
  for (const [at, item] of items.entries()) {
    const rest = { items: items.slice(at) };
    if (isSlowed) {
      // eslint-disable-next-line no-await-in-loop -- the last thing that the loop does
      await giveBack(context, kind, rest);
      return { tried: at, failed, isSlowed };
    }
    // eslint-disable-next-line no-await-in-loop -- one after the other
    const outcome = await decideAlone(context, kind, item, rest);
    failed += outcome.failed;
    ({ isSlowed } = outcome);
  }
  return { tried: items.length, failed, isSlowed };
}

async function decideAlone(
  context: IntakeContext,
  kind: DueKind,
  item: LeasedWork,
  rest: Pick<Leased, 'items'>,
): Promise<Omit<Round, 'tried'>> {
  try {
    await decideItems(context, kind, { items: [item], reviews: [] });
    return { failed: 0, isSlowed: false };
  } catch (error) {
    if (!isOfItems(error)) return giveBackAndThrow(context, kind, rest, error);
    return { failed: 1, isSlowed: await failItem(context, kind, item, error) };
  }
}

/** Where this fails, too, the leases run out by themselves. */
async function giveBackAndThrow(
  context: IntakeContext,
  kind: DueKind,
  items: Pick<Leased, 'items'>,
  error: unknown,
): Promise<never> {
  await giveBack(context, kind, items).catch(() => undefined);
  throw error;
}

async function giveBack(
  { db }: IntakeContext,
  { kind }: DueKind,
  { items }: Pick<Leased, 'items'>,
): Promise<void> {
  const itemIds = items.map(({ itemId }) => itemId);
  const attempt = items[0]?.attempt ?? 1;
  await db.run(giveBackWork, { kind, itemIds, attempt });
}
