import { sql } from 'kysely';
import type { Db } from '../open-database.ts';
import { encodeRows, type RowParameters, selectRows } from '../row-parameters.ts';
import { rowSpec } from '../row-spec.ts';
import { statement } from '../statement.ts';
import type { PartitionKey } from './progress.ts';

/** From where a partition is read next. */
export interface PartitionPlace extends PartitionKey {
  readonly nextOffset: bigint;
}

const PLACE = rowSpec(
  'intake_progress',
  { topic: 'text', partition: 'integer', nextOffset: 'bigint' },
  { key: ['topic', 'partition'] },
);

/** The partitions that have a lower position in the database, none, or have stopped there; in no particular order. */
export function listMisplaced(
  db: Db,
  places: readonly PartitionPlace[],
): Promise<readonly PartitionKey[]> {
  return db.run(selectMisplaced, encodeRows(PLACE, places));
}

const selectMisplaced = statement<RowParameters<typeof PLACE>, PartitionKey>(
  'list_misplaced',
  (p) => sql`
    select place.topic, place.partition
    from (${selectRows(PLACE, p)}) as place
    left join intake_progress as known
      on known.topic = place.topic and known.partition = place.partition
    where known.next_offset is null or known.next_offset < place.next_offset
      or known.stopped_code is not null`,
);
