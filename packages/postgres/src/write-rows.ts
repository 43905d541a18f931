import { type RawBuilder, sql } from 'kysely';
import { type RowParameters, selectRows } from './row-parameters.ts';
import { type Columns, listColumns, matchKey, type RowSpec, setColumns } from './row-spec.ts';

/** `insert into … select … from …`, in the order of `spec.order`; an `on conflict` or `returning` may follow. */
export function insertRows<C extends Columns>(
  spec: RowSpec<C>,
  parameters: RowParameters<RowSpec<C>>,
): RawBuilder<object> {
  const columns = listColumns(spec);
  const order = spec.order === 'key' ? listColumns({ columns: spec.key }) : sql`ordinal`;
  return sql`
    insert into ${sql.table(spec.table)} (${columns})
    select ${columns} from (${selectRows(spec, parameters)}) as saved order by ${order}`;
}

/** The same; a row with the key of another updates it. A `where` may follow. */
export function upsertRows<C extends Columns>(
  spec: RowSpec<C>,
  parameters: RowParameters<RowSpec<C>>,
): RawBuilder<object> {
  return sql`${insertRows(spec, parameters)}
    on conflict (${listColumns({ columns: spec.key })}) do update set ${setColumns(spec, 'excluded')}`;
}

/** `update … set … from … where` the keys are equal; more conditions may follow. */
export function updateRows<C extends Columns>(
  spec: RowSpec<C>,
  parameters: RowParameters<RowSpec<C>>,
): RawBuilder<object> {
  return sql`
    update ${sql.table(spec.table)} set ${setColumns(spec, 'saved')}
    from (${selectRows(spec, parameters)}) as saved where ${matchKey(spec, 'saved')}`;
}
