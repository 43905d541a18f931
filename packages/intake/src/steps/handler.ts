import type { Event } from '@latchkey/contracts';
import type { Tx } from '@latchkey/postgres';
import type { Changes } from './changes.ts';
import type { ClaimedEvent, Claiming } from './claim.ts';
import type { Deciding } from './deciding.ts';
import type { Moment } from './moment.ts';
import type { DeliveryOutcome } from './outcome.ts';

/** What a transaction has locked, and when it decides: the moment is read after the locks. */
export interface Locked<L> {
  readonly locked: L;
  readonly moment: Moment;
}

/** What claimed events change, and the outcome of each, in their order. */
export interface Decided {
  readonly changes: Changes;
  readonly outcomes: readonly DeliveryOutcome[];
}

/** What is decided by. */
export type Basis = Omit<Deciding, 'outputs'>;

/** How the events of one family are processed. `L`: what is locked for them. */
export interface Handler<E extends Event, L> {
  readonly retention: Claiming['retention'];
  /** Whether events that cannot be decided are stored all the same, and decided by due work. */
  readonly handsOver: boolean;
  /** Locks and reads everything that the events may change. */
  readonly lock: (
    tx: Tx,
    claimed: readonly ClaimedEvent<E>[],
    deciding: Deciding,
  ) => Promise<Locked<L>>;
  /** Decides by nothing else than what it is given. */
  readonly decide: (
    claimed: readonly ClaimedEvent<E>[],
    locked: L,
    by: Basis,
    moment: Moment,
  ) => Decided | Promise<Decided>;
}
