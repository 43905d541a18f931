import type { TestDatabase } from '../create-database.ts';
import { employee, hrEvent, inDays, type SentEvent } from '../events.ts';
import type { Filled } from './fill-persons.ts';

export interface LongRecord {
  /** Facts behind each person; 4 or more. */
  readonly facts: number;
  /** Size of the data of each but the first and the last. */
  readonly bytes: number;
  /** When the last fact takes effect, as days from now; negative: ago. */
  readonly lastInDays: number;
}

/** Orders between those of two facts are free, for late ones. */
const ORDER_STEP = 10n;
const BEGIN_DAYS = -900;
const DATES_DAYS = 500;
/** Longest text of an attribute. */
const TEXT_MAX_CHARACTERS = 1_024;
const PROSE = 'Reports to the regional lead, keeps the badge of the main building. ';

/**
 * Persons as an installation has them that has run for years before it was upgraded: many dated facts, and nothing else that
 * was read from them. Intake decides the first two facts and the last; SQL adds those between, which the last supersedes.
 *
 * They work in Finance until the last fact, which moves them to Sales.
 */
export function longRecord(record: LongRecord): Filled {
  const first = inDays(BEGIN_DAYS + DATES_DAYS / record.facts);
  return {
    history: (externalId) => [
      hrEvent(
        'joined',
        externalId,
        orderOf(1),
        { startsAt: inDays(BEGIN_DAYS), attributes: employee('Finance') },
        { id: `${externalId}joined` },
      ),
      movedTo('Finance', {
        externalId,
        order: orderOf(2),
        at: first,
        remarks: { note: '2', ...remarksOf(record.bytes) },
      }),
      movedTo('Sales', { externalId, order: orderOf(record.facts), at: inDays(record.lastInDays) }),
    ],
    deepen: async ({ query }) => {
      await query(ADD_FACTS, [record.facts, first, DATES_DAYS / record.facts, Number(ORDER_STEP)]);
      await query('truncate engagement_checkpoint, checkpoint_row_key');
      await query(FILL_BYTES);
    },
  };
}

export interface Move {
  readonly externalId: string;
  /** Its place in the source's order, see `orderOf`. */
  readonly order: number;
  /** ISO 8601. */
  readonly at: string;
  readonly remarks?: Readonly<Record<string, string>>;
}

/** A dated row. */
export function movedTo(department: string, { externalId, order, at, remarks }: Move): SentEvent {
  const data = { effectiveAt: at, attributes: { department, ...remarks } };
  return hrEvent('moved', externalId, order, data, { id: `${externalId}${order}` });
}

/** The place of a fact in the source's order; the numbers between two of them are free. */
export function orderOf(fact: number): number {
  return fact * Number(ORDER_STEP);
}

/** Undeclared free text of this size altogether. */
function remarksOf(bytes: number): Readonly<Record<string, string>> {
  const texts = Array.from({ length: Math.ceil(bytes / TEXT_MAX_CHARACTERS) }, (_, index) => {
    const length = Math.min(TEXT_MAX_CHARACTERS, bytes - index * TEXT_MAX_CHARACTERS);
    return [`remark${index}`, PROSE.repeat(Math.ceil(length / PROSE.length)).slice(0, length)];
  });
  return Object.fromEntries(texts) as Record<string, string>;
}

/** Copies the second fact of each person, each copy with a date of its own. */
const ADD_FACTS = `
  insert into fact (event_id, fingerprint, identity_id, source, kind, engagement, source_order, data,
    received_at)
  select added.event_id, sha256(added.event_id::bytea), identity_id, source, kind, engagement,
    n * $4::bigint,
    replace(
      replace(data, '"note":"2"', '"note":"' || n || '"'),
      $2::text,
      to_char(
        ($2::timestamptz + (n - 2) * $3::float8 * interval '1 day') at time zone 'UTC',
        'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')),
    now() - ($1::integer - n) * interval '1 day'
  from fact, generate_series(3, $1::integer - 1) as n,
    lateral (
      select left(fact.event_id, -length((2 * $4::bigint)::text)) || n * $4::bigint as event_id
    ) as added
  where source_order = 2 * $4::bigint`;

/** As the migration does that adds the column. */
const FILL_BYTES = `
  update identity
  set record_version = 0, derived_policy_hash = null, fact_bytes = stated.bytes
  from (select identity_id, sum(octet_length(data)) as bytes from fact group by identity_id) as stated
  where identity.identity_id = stated.identity_id`;

/** Lets time pass for all persons with a last fact in the future: it takes effect a minute ago. */
export async function makeLastDue({ query }: Pick<TestDatabase, 'query'>): Promise<void> {
  await query(`
    update fact set data = json_build_object(
      'engagement', engagement,
      'effectiveAt', to_char((now() - interval '1 minute') at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
      'attributes', data::json -> 'attributes')::text
    from identity
    where identity.identity_id = fact.identity_id and next_transition_at > now()
      and source_order = (
        select max(source_order) from fact as own where own.identity_id = identity.identity_id
      )`);
  await query(`
    update identity set next_transition_at = now() - interval '1 minute'
    where next_transition_at > now()`);
}
