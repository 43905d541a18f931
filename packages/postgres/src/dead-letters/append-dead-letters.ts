import type { FailureCode } from '@latchkey/contracts';
import { sql } from 'kysely';
import type { Tx } from '../in-transaction.ts';
import type { DeliveryOrigin } from '../origin.ts';
import { encodeRows, type RowParameters } from '../row-parameters.ts';
import { type NewRowOf, rowSpec } from '../row-spec.ts';
import { statement } from '../statement.ts';
import { insertRows } from '../write-rows.ts';

const DEAD_LETTER = rowSpec(
  'dead_letter',
  {
    id: 'uuid',
    code: 'text',
    field: 'text?',
    /** What was expected; never the value that came. */
    cause: 'text',
    origin: 'text',
    topic: 'text',
    partition: 'integer',
    epoch: 'integer',
    offset: 'bigint',
    eventId: 'text?',
    source: 'text?',
    type: 'text?',
    key: 'bytea?',
    raw: 'bytea?',
    /** JSON text of an array of [name, base64 value]. */
    headers: 'text',
    takenAtMs: 'ms',
  },
  { key: ['id'], order: 'key', encoding: 'array' },
);

type SavedDeadLetter = NewRowOf<typeof DEAD_LETTER>;

/** A delivery that was given up. */
export interface NewDeadLetter extends Omit<SavedDeadLetter, 'origin' | 'key' | 'raw'> {
  readonly code: FailureCode;
  /** `kafka` where it is not given. */
  readonly origin?: DeliveryOrigin;
  readonly key: Buffer | null;
  readonly raw: Buffer | null;
}

/** Keeps dead letters with their raw bytes. One with the same id is there already, for the same delivery, and stays. */
export function appendDeadLetters(tx: Tx, letters: readonly NewDeadLetter[]): void {
  if (letters.length === 0) return;
  const rows = letters.map((letter) => ({ origin: 'kafka', ...letter }));
  tx.finally(insertDeadLetters, encodeRows(DEAD_LETTER, rows));
}

const insertDeadLetters = statement<RowParameters<typeof DEAD_LETTER>, object>(
  'insert_dead_letters',
  (p) => sql`${insertRows(DEAD_LETTER, p)} on conflict (id) do nothing`,
);
