import { type BlockFact } from './fact.ts';

/** One switch: what a source has stated about one incident. */
interface BlockSwitch {
  /** Highest order of its blocks; `undefined`: none. */
  readonly blockedOrder: bigint | undefined;
  /** Highest order of its releases; `undefined`: none. */
  readonly releasedOrder: bigint | undefined;
}

/** Switches by source and incident; a block without incident has a separate switch. */
export type Blocks = ReadonlyMap<string, BlockSwitch>;

/** A switch as it is stored. */
export interface StoredSwitch extends BlockSwitch {
  readonly source: string;
  /** `undefined`: none. */
  readonly incident: string | undefined;
}

export function blocksOf(switches: readonly StoredSwitch[]): Blocks {
  return new Map(
    switches.map(({ source, incident, blockedOrder, releasedOrder }) => [
      keyOf(source, incident),
      { blockedOrder, releasedOrder },
    ]),
  );
}

/** The switches after these facts too. */
export function setSwitches(blocks: Blocks, facts: readonly BlockFact[]): Blocks {
  const set = new Map(blocks);
  for (const fact of facts) set.set(switchOf(fact), turn(set.get(switchOf(fact)), fact));
  return set;
}

/** A person is blocked while any switch is on. */
export function isBlocked(blocks: Blocks): boolean {
  return blocks.values().some(isOn);
}

/** Whether a fact turns its switch on or off. */
export function turnsSwitch(blocks: Blocks, fact: BlockFact): boolean {
  const before = blocks.get(switchOf(fact));
  return isOn(before) !== isOn(turn(before, fact));
}

function turn(before: BlockSwitch | undefined, { kind, order }: BlockFact): BlockSwitch {
  const { blockedOrder, releasedOrder } = before ?? {};
  return kind === 'blocked'
    ? { blockedOrder: later(blockedOrder, order), releasedOrder }
    : { blockedOrder, releasedOrder: later(releasedOrder, order) };
}

/** A release ends only an older block: at equal order the switch stays on. */
function isOn(known: BlockSwitch | undefined): boolean {
  if (known?.blockedOrder === undefined) return false;
  return known.releasedOrder === undefined || known.blockedOrder >= known.releasedOrder;
}

function later(one: bigint | undefined, other: bigint): bigint {
  return one === undefined || one < other ? other : one;
}

function switchOf({ source, data }: BlockFact): string {
  return keyOf(source, data.incident);
}

/** Line feeds are in no source and no incident. */
function keyOf(source: string, incident: string | undefined): string {
  return incident === undefined ? source : `${source}\n${incident}`;
}
