import { sql } from 'kysely';
import type { Tx } from '../in-transaction.ts';
import { encodeRows, type RowParameters, selectRows } from '../row-parameters.ts';
import { type RowOf, rowSpec, selectColumns } from '../row-spec.ts';
import { statement } from '../statement.ts';

const SWITCH = rowSpec(
  'block_switch',
  {
    identityId: 'uuid',
    source: 'text',
    /** Empty: a block without incident. */
    incident: 'text',
    blockedOrder: 'bigint?',
    releasedOrder: 'bigint?',
  },
  { key: ['identityId', 'source', 'incident'] },
);

/** What a source has stated about one incident of an identity. */
export type BlockSwitchRow = RowOf<typeof SWITCH>;

const WANTED = rowSpec('identity', { identityId: 'uuid', most: 'integer' }, { key: [] });

/** How many switches of an identity are read, at most. */
export interface WantedSwitches {
  readonly identityId: string;
  readonly most: number;
}

export function switchesOf(wanted: readonly WantedSwitches[]): RowParameters<typeof WANTED> {
  return encodeRows(WANTED, wanted);
}

/** Switches of these identities that are on, in no order. */
export const listSwitchesOn = statement<RowParameters<typeof WANTED>, BlockSwitchRow>(
  'list_switches_on',
  (p) => sql`
    select ${selectColumns(SWITCH)}
    from (${selectRows(WANTED, p)}) as wanted
    cross join lateral (
      select identity_id, source, incident, blocked_order, released_order
      from block_switch
      where block_switch.identity_id = wanted.identity_id
        and blocked_order is not null
        and (released_order is null or blocked_order >= released_order)
      limit wanted.most
    ) as block_switch`,
);

const NAMED = rowSpec(
  'block_switch',
  { identityId: 'uuid', source: 'text', incident: 'text?' },
  { key: ['identityId', 'source', 'incident'] },
);

/** The name of a switch; null: of blocks without incident. */
export type NamedSwitch = RowOf<typeof NAMED>;

/** Those of these switches that were ever turned. */
export async function listNamedSwitches(
  tx: Tx,
  named: readonly NamedSwitch[],
): Promise<readonly BlockSwitchRow[]> {
  return named.length === 0 ? [] : tx.run(selectNamedSwitches, encodeRows(NAMED, named));
}

const selectNamedSwitches = statement<RowParameters<typeof NAMED>, BlockSwitchRow>(
  'list_named_switches',
  (p) => sql`
    select ${selectColumns(SWITCH)}
    from (${selectRows(NAMED, p)}) as named
    join block_switch on block_switch.identity_id = named.identity_id
      and block_switch.source = named.source
      and block_switch.incident = coalesce(named.incident, '')`,
);
