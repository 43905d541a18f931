import {
  type EngagementPlace,
  type FactRow,
  listEngagementFacts,
  pageOf,
  type Tx,
} from '@latchkey/postgres';
import { PAGE_LIMITS, PAGE_MAX_ENGAGEMENTS, type PagedBudget } from './read-budget.ts';
import { bytesOfText } from './read-sizes.ts';

/**
 * Reads the facts of engagements page by page, one engagement after the other, in each by order and event id.
 *
 * @param note - told the rows of each page, and their bytes; false ends the reading
 * @returns places that were not read to their end
 */
export async function readPages(
  tx: Tx,
  places: readonly EngagementPlace[],
  budget: PagedBudget,
  note: (rows: readonly FactRow[], bytes: number) => boolean,
): Promise<readonly EngagementPlace[]> {
  let waiting = places;
  while (waiting.length > 0) {
    const asked = waiting.slice(0, PAGE_MAX_ENGAGEMENTS);
    // eslint-disable-next-line no-await-in-loop -- a page begins where the one before it has ended
    const rows = await tx.run(listEngagementFacts, pageOf(asked, PAGE_LIMITS));
    const bytes = rows.reduce((sum, { data }) => sum + bytesOfText(data), 0);
    budget.spend(rows.length, bytes);
    const last = rows.at(-1);
    const isCut = rows.length >= PAGE_LIMITS.maxRows || bytes > PAGE_LIMITS.maxBytes;
    waiting =
      isCut && last !== undefined
        ? [placeAfter(last), ...waiting.slice(1 + waiting.findIndex((place) => isIn(last, place)))]
        : waiting.slice(asked.length);
    if (!note(rows, bytes)) break;
  }
  return waiting;
}

function placeAfter({
  identityId,
  source,
  engagement,
  sourceOrder,
  eventId,
}: FactRow): EngagementPlace {
  return { identityId, source, engagement, sourceOrder, eventId };
}

function isIn(row: FactRow, place: EngagementPlace): boolean {
  return (
    row.identityId === place.identityId &&
    row.source === place.source &&
    row.engagement === place.engagement
  );
}
