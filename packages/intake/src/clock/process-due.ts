import { isDataError } from '../steps/data-error.ts';

/** Work that is due, and how to set an item aside that cannot be decided. */
export interface DueWork {
  /**
   * Decides the items that are due the longest, at most `limit` of them, in one transaction.
   *
   * @param seen - told the id of each before it is decided
   * @returns how many were due
   */
  readonly decide: (limit: number, seen: (id: string) => void) => Promise<number>;
  /** Parks the item that is due the longest, with a review, if it still has this id. */
  readonly park: (id: string, error: unknown) => Promise<void>;
}

/**
 * Decides what is due. Where the database refuses what was decided of one item, each is decided in a transaction by
 * itself: that one is parked, and the others are decided.
 *
 * @returns how many were due; `limit` means that there may be more
 */
export async function processDue(work: DueWork, limit: number): Promise<number> {
  try {
    return await work.decide(limit, () => undefined);
  } catch (error) {
    if (!isDataError(error)) throw error;
    return processOneByOne(work, limit);
  }
}

async function processOneByOne(work: DueWork, limit: number): Promise<number> {
  for (let done = 0; done < limit; done += 1) {
    // eslint-disable-next-line no-await-in-loop -- the longest due first
    if ((await decideOrPark(work)) === 0) return done;
  }
  return limit;
}

async function decideOrPark(work: DueWork): Promise<number> {
  let first: string | undefined;
  try {
    return await work.decide(1, (id) => {
      first = id;
    });
  } catch (error) {
    if (!isDataError(error) || first === undefined) throw error;
    await work.park(first, error);
    return 1;
  }
}
