import { type RawBuilder, sql } from 'kysely';
import type { WorkKind } from './due-work-rows.ts';

/**
 * No process tries the item, and none has tried it. `offset 0` keeps it a look-up by the primary key for each item: as a join it is
 * planned while the table is empty, and then reads all of it for each item.
 *
 * @param itemId - a column of the statement around it
 */
export function isUntried(kind: WorkKind, itemId: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`not exists (
    select from due_work where kind = ${sql.lit(kind)} and item_id = ${itemId} offset 0)`;
}
