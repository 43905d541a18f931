import { isDataError } from './data-error.ts';

/** What is due, and what becomes of one that cannot be decided. */
export interface DueWork {
  /**
   * Decides the longest due in one transaction, `limit` of them at most.
   *
   * @param seen - told the id of each before it is decided
   * @returns how many were due
   */
  readonly decide: (limit: number, seen: (id: string) => void) => Promise<number>;
  /** Takes the one that is due the longest out of the way, with a review, if it still has this id. */
  readonly park: (id: string, error: unknown) => Promise<void>;
}

/**
 * Decides what is due. After the database has refused what was decided of one of them, each in a
 * transaction of its own: that one is parked, and the others go on.
 *
 * @returns how many were due; `limit` means that there may be more
 */
export async function takeDue(work: DueWork, limit: number): Promise<number> {
  try {
    return await work.decide(limit, () => undefined);
  } catch (error) {
    if (!isDataError(error)) throw error;
    return takeOneByOne(work, limit);
  }
}

async function takeOneByOne(work: DueWork, limit: number): Promise<number> {
  for (let done = 0; done < limit; done += 1) {
    // eslint-disable-next-line no-await-in-loop -- the longest due first
    if ((await takeOrPark(work)) === 0) return done;
  }
  return limit;
}

async function takeOrPark(work: DueWork): Promise<number> {
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
