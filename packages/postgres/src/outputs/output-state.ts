import { sql } from 'kysely';
import type { Session, Tx } from '../in-transaction.ts';
import { statement } from '../statement.ts';

/** What every transaction that appends messages must know. */
export interface OutputState {
  /** UUID of this installation, made by a migration; backups and clones keep it. */
  readonly installationId: string;
  /** In which generations are counted. */
  readonly epoch: number;
  /** Rises when lanes are added. */
  readonly layout: number;
  /** Since when every desired state is being stated again, in milliseconds since 1970; null: all of them are. */
  readonly restatingSinceMs: number | null;
}

const selectOutputState = statement<object, OutputState>(
  'select_output_state',
  () => sql`
    select installation_id as "installationId", epoch, layout,
      restating_since as "restatingSinceMs"
    from output_state`,
);

export async function readOutputState(db: Pick<Session, 'run'>): Promise<OutputState> {
  const [state] = await db.run(selectOutputState, {});
  if (state === undefined) throw new Error('output_state has no row');
  return state;
}

const selectDecisionMoment = statement<object, { nowMs: number; epoch: number; layout: number }>(
  'select_decision_moment',
  () => sql`select clock_timestamp() as "nowMs", epoch, layout from output_state`,
);

/**
 * The database's clock, in milliseconds since 1970, with the epoch and the layout of this moment. To be
 * read after the locks: a transaction that raises one of the two waits for all that have locked something (`lockDeciders`).
 */
export async function readDecisionMoment(
  tx: Tx,
): Promise<{ readonly nowMs: number; readonly epoch: number; readonly layout: number }> {
  const [moment] = await tx.run(selectDecisionMoment, {});
  if (moment === undefined) throw new Error('output_state has no row');
  return moment;
}

/**
 * Waits until no transaction decides about an identity or a verification, and blocks all that would until this one ends.
 * Those read what this transaction has written.
 */
export const lockDeciders = statement<object, object>(
  'lock_deciders',
  () => sql`lock table identity, verification in exclusive mode`,
);

/** Generations are counted in this epoch from now on, and everything has to be stated again. */
export const raiseEpoch = statement<{ epoch: number }, { epoch: number; nowMs: number }>(
  'raise_epoch',
  (p) => sql`
    update output_state set epoch = ${p.epoch}, restating_since = clock_timestamp()
    where epoch < ${p.epoch}
    returning epoch, clock_timestamp() as "nowMs"`,
);

/** Everything was stated again in this epoch. */
export const finishRestating = statement<{ epoch: number }, object>(
  'finish_restating',
  (p) => sql`update output_state set restating_since = null where epoch = ${p.epoch}`,
);

/** Lanes were added: a process that knows fewer is refused from now on. */
export const addOutputLayout = statement<object, { nowMs: number }>(
  'add_output_layout',
  () => sql`
    update output_state set layout = layout + 1 returning clock_timestamp() as "nowMs"`,
);
