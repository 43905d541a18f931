import type { ReadLimits } from '@latchkey/postgres';
import { TooMuchToReadError } from '../halving.ts';

const MIB = 1_048_576;

/**
 * What a transaction reads of several people at once, at most, with the data of their facts in bytes. Read as objects it
 * takes several times as much memory.
 */
export const READ_LIMITS: ReadLimits = { maxRows: 20_000, maxBytes: 8 * MIB };

/** The same of one person; with more, their engagements are read one after the other, in pages. */
export const ALONE_LIMITS: ReadLimits = { maxRows: 20_000, maxBytes: 16 * MIB };

/** What one page brings of the facts of engagements. */
export const PAGE_LIMITS: ReadLimits = { maxRows: 1_000, maxBytes: MIB };

/** How many engagements a page is read from, at most: of each, as many rows as a page has may be looked at. */
export const PAGE_MAX_ENGAGEMENTS = 20;

/** What is read in pages of several people, at most: little of it is kept, but it takes time. */
const PAGED_LIMITS: ReadLimits = { maxRows: 20_000, maxBytes: 32 * MIB };

/** @throws TooMuchToReadError where more than one person is locked, and it is known that their facts are beyond the limit */
export function checkExpected(people: readonly { readonly factBytes: bigint }[]): void {
  if (people.length < 2) return;
  const bytes = people.reduce((sum, { factBytes }) => sum + factBytes, 0n);
  if (bytes > BigInt(READ_LIMITS.maxBytes)) throw tooMuch();
}

export function tooMuch(): TooMuchToReadError {
  return new TooMuchToReadError('the facts of these people are more than one transaction reads');
}

/** Counts what is read in pages. */
export interface PagedBudget {
  /** @throws TooMuchToReadError where it is beyond the limit and concerns several people */
  readonly spend: (rows: number, bytes: number) => void;
}

/** @param people - locked by the transaction; one person alone is read however much there is */
export function createPagedBudget(people: number): PagedBudget {
  let spentRows = 0;
  let spentBytes = 0;
  return {
    spend: (rows, bytes) => {
      spentRows += rows;
      spentBytes += bytes;
      const isBeyond = spentRows > PAGED_LIMITS.maxRows || spentBytes > PAGED_LIMITS.maxBytes;
      if (isBeyond && people > 1) throw tooMuch();
    },
  };
}
