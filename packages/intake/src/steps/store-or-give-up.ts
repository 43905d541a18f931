import { causeOf, isDataError } from './data-error.ts';
import type { Undecidable } from './deciding.ts';

/** How to process a delivery that cannot be applied as it should be. */
export interface Fallbacks<T> {
  /** Stores what it states without deciding it; undefined: its family has no such way. */
  readonly store: ((undecidable: Undecidable) => Promise<T>) | undefined;
  /** Makes a dead letter of it. */
  readonly giveUp: (cause: string) => Promise<T>;
}

/**
 * Processes a delivery alone that failed with an error of the data: only one that cannot even be stored is given up.
 *
 * @throws unchanged what is no error of the data
 */
export async function storeOrGiveUp<T>(
  failure: unknown,
  { store, giveUp }: Fallbacks<T>,
): Promise<T> {
  if (!isDataError(failure)) throw failure;
  let cause = causeOf(failure);
  if (store === undefined) return giveUp(cause);
  for (const endsAccess of [true, false]) {
    try {
      // eslint-disable-next-line no-await-in-loop -- the second only where the first cannot be written
      return await store({ cause, endsAccess });
    } catch (error) {
      if (!isDataError(error)) throw error;
      cause = causeOf(error);
    }
  }
  return giveUp(cause);
}
