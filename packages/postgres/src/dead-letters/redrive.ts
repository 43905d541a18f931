import { sql } from 'kysely';
import { statement } from '../statement.ts';

/** A dead letter as redrive needs it. */
export interface DeadLetterRow {
  readonly id: string;
  readonly code: string;
  readonly topic: string;
  readonly partition: number;
  readonly epoch: number;
  readonly offset: bigint;
  readonly key: Buffer | null;
  readonly raw: Buffer | null;
  /** JSON text of an array of [name, base64 value]. */
  readonly headers: string;
  readonly takenAtMs: number;
  readonly attempts: number;
  readonly state: string;
}

/** Locks one dead letter. None where there is no such id. */
export const lockDeadLetter = statement<{ id: string }, DeadLetterRow>(
  'lock_dead_letter',
  (p) => sql`
    select id, code, topic, partition, epoch, "offset", key, raw, headers, taken_at as "takenAtMs",
      attempts, state
    from dead_letter where id = ${p.id} for no key update`,
);

/** The dead letter went back through intake. */
export const markRedriven = statement<{ id: string; by: string }, object>(
  'mark_redriven',
  (p) => sql`
    update dead_letter
    set state = 'redriven', redriven_at = clock_timestamp(), redriven_by = ${p.by},
      attempts = attempts + 1
    where id = ${p.id}`,
);

/** The dead letter stays one: it was tried again, and this is why it was given up again. */
export const markGivenUpAgain = statement<
  { id: string; code: string; field: string | null; cause: string },
  object
>(
  'mark_given_up_again',
  (p) => sql`
    update dead_letter
    set attempts = attempts + 1, code = ${p.code}, field = ${p.field}, cause = ${p.cause}
    where id = ${p.id}`,
);

/** An event that was claimed by its dead letter, locked so that it can become applied. */
export const lockClaim = statement<{ eventId: string }, { disposition: string }>(
  'lock_claim',
  (p) => sql`
    select disposition from inbox where event_id = ${p.eventId} for no key update`,
);
