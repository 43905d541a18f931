import { sql } from 'kysely';
import type { Db } from '../open-database.ts';
import { columnsOf, type RowColumns, selectRows } from '../rows.ts';
import { statement } from '../statement.ts';
import type { PartitionKey } from './progress.ts';

/** From where a partition is read next. */
export interface PartitionPlace extends PartitionKey {
  readonly nextOffset: bigint;
}

const PLACE = { topic: 'text', partition: 'integer', next_offset: 'bigint' } as const;

/** The partitions that have a lower position in the database, none, or have stopped there; in no particular order. */
export function listMisplaced(
  db: Db,
  places: readonly PartitionPlace[],
): Promise<readonly PartitionKey[]> {
  const rows = places.map((place) => ({ ...place, next_offset: place.nextOffset }));
  return db.run(selectMisplaced, columnsOf(PLACE, rows));
}

const selectMisplaced = statement<RowColumns<typeof PLACE>, PartitionKey>(
  'list_misplaced',
  (p) => sql`
    select place.topic, place.partition
    from (${selectRows(PLACE, p)}) as place
    left join intake_progress as known
      on known.topic = place.topic and known.partition = place.partition
    where known.next_offset is null or known.next_offset < place.next_offset
      or known.stopped_code is not null`,
);
