import type { FailureCode } from '@latchkey/contracts';
import { sql } from 'kysely';
import type { Tx } from '../in-transaction.ts';
import type { DeliveryOrigin } from '../origin.ts';
import { statement } from '../statement.ts';

/** A delivery that was given up. */
export interface NewDeadLetter {
  readonly id: string;
  readonly code: FailureCode;
  readonly field: string | undefined;
  /** What was expected; never the value that came. */
  readonly cause: string;
  /** `kafka` where it is not given. */
  readonly origin?: DeliveryOrigin;
  readonly topic: string;
  readonly partition: number;
  readonly epoch: number;
  readonly offset: bigint;
  readonly eventId: string | undefined;
  readonly source: string | undefined;
  readonly type: string | undefined;
  readonly key: Buffer | null;
  readonly raw: Buffer | null;
  /** JSON text of an array of [name, base64 value]. */
  readonly headers: string;
  readonly takenAtMs: number;
}

/**
 * Keeps dead letters with their raw bytes. One with the same id is there already, for the same
 * delivery, and stays. Rare, and of any bytes: so these are array parameters.
 */
export function appendDeadLetters(tx: Tx, letters: readonly NewDeadLetter[]): void {
  if (letters.length === 0) return;
  tx.finally(insertDeadLetters, {
    ids: letters.map((letter) => letter.id),
    codes: letters.map((letter) => letter.code),
    fields: letters.map((letter) => letter.field ?? null),
    causes: letters.map((letter) => letter.cause),
    origins: letters.map((letter) => letter.origin ?? 'kafka'),
    topics: letters.map((letter) => letter.topic),
    partitions: letters.map((letter) => letter.partition),
    epochs: letters.map((letter) => letter.epoch),
    offsets: letters.map((letter) => String(letter.offset)),
    eventIds: letters.map((letter) => letter.eventId ?? null),
    sources: letters.map((letter) => letter.source ?? null),
    types: letters.map((letter) => letter.type ?? null),
    keys: letters.map((letter) => letter.key),
    raws: letters.map((letter) => letter.raw),
    headers: letters.map((letter) => letter.headers),
    takenAts: letters.map((letter) => letter.takenAtMs),
  });
}

interface Arrays {
  readonly ids: readonly string[];
  readonly codes: readonly string[];
  readonly fields: readonly (string | null)[];
  readonly causes: readonly string[];
  readonly origins: readonly string[];
  readonly topics: readonly string[];
  readonly partitions: readonly number[];
  readonly epochs: readonly number[];
  readonly offsets: readonly string[];
  readonly eventIds: readonly (string | null)[];
  readonly sources: readonly (string | null)[];
  readonly types: readonly (string | null)[];
  readonly keys: readonly (Buffer | null)[];
  readonly raws: readonly (Buffer | null)[];
  readonly headers: readonly string[];
  readonly takenAts: readonly number[];
}

const insertDeadLetters = statement<Arrays, object>(
  'insert_dead_letters',
  (p) => sql`
    insert into dead_letter (id, code, field, cause, origin, topic, partition, epoch, "offset", event_id,
      source, type, key, raw, headers, taken_at)
    select id, code, field, cause, origin, topic, partition, epoch, "offset", event_id, source, type, key,
      raw, headers, to_timestamp(taken_at / 1000)
    from unnest(${p.ids}::uuid[], ${p.codes}::text[], ${p.fields}::text[], ${p.causes}::text[],
      ${p.origins}::text[], ${p.topics}::text[], ${p.partitions}::integer[], ${p.epochs}::integer[],
      ${p.offsets}::bigint[], ${p.eventIds}::text[], ${p.sources}::text[], ${p.types}::text[],
      ${p.keys}::bytea[], ${p.raws}::bytea[], ${p.headers}::text[],
      ${p.takenAts}::double precision[])
      as letter (id, code, field, cause, origin, topic, partition, epoch, "offset", event_id, source, type,
        key, raw, headers, taken_at)
    order by id
    on conflict (id) do nothing`,
);
