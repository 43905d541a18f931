import { type BlockFact, type Blocks, blocksOf, type Fact, isBlockFact } from '@latchkey/domain';
import {
  type BlockSwitchRow,
  listNamedSwitches,
  listSwitchesOn,
  type NamedSwitch,
  switchesOf,
  type Tx,
} from '@latchkey/postgres';

/**
 * The switches of these identities that a decision needs: those that arriving facts name, and one more that is on, if any
 * is. Undefined for an identity without any.
 */
export async function readBlocks(
  tx: Tx,
  identityIds: readonly string[],
  arriving: ReadonlyMap<string, readonly Fact[]>,
): Promise<ReadonlyMap<string, Blocks>> {
  if (identityIds.length === 0) return new Map();
  const named = identityIds.flatMap((identityId) => namedBy(identityId, arriving.get(identityId)));
  const namedOf = Map.groupBy(named, ({ identityId }) => identityId);
  const wanted = identityIds.map((identityId) => ({
    identityId,
    most: 1 + (namedOf.get(identityId)?.length ?? 0),
  }));
  const rows = await Promise.all([
    tx.run(listSwitchesOn, switchesOf(wanted)),
    listNamedSwitches(tx, named),
  ]);
  const rowsOf = Map.groupBy(rows.flat(), ({ identityId }) => identityId);
  return new Map([...rowsOf].map(([identityId, own]) => [identityId, blocksOf(own.map(asSwitch))]));
}

/** Each switch once. */
function namedBy(identityId: string, facts: readonly Fact[] = []): readonly NamedSwitch[] {
  const blocks = facts.filter(isBlockFact);
  if (blocks.length === 0) return [];
  const named = blocks.map(({ source, data }: BlockFact) => ({
    identityId,
    source,
    incident: data.incident ?? null,
  }));
  return [...new Map(named.map((one) => [`${one.source}\n${one.incident ?? ''}`, one])).values()];
}

function asSwitch(row: BlockSwitchRow): Parameters<typeof blocksOf>[0][number] {
  return {
    source: row.source,
    incident: row.incident === '' ? undefined : row.incident,
    blockedOrder: row.blockedOrder ?? undefined,
    releasedOrder: row.releasedOrder ?? undefined,
  };
}
