import { causeOf, isDataError } from './data-error.ts';

/** How to process a delivery that cannot be applied as it should be; `cause` is why. */
export interface Fallbacks<T> {
  /** Stores what it states without deciding it; undefined: its family has no such way. */
  readonly store: ((cause: string) => Promise<T>) | undefined;
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
  if (store === undefined) return giveUp(causeOf(failure));
  try {
    return await store(causeOf(failure));
  } catch (error) {
    if (!isDataError(error)) throw error;
    return giveUp(causeOf(error));
  }
}
