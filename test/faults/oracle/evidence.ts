import type { OutputTopic } from '@latchkey/contracts';

type Row<Texts extends string, Numbers extends string = never> = Readonly<
  Record<Texts, string> & Record<Numbers, number>
>;

/** Contents of the database at one moment. */
export interface Evidence {
  readonly inbox: readonly Row<'eventId' | 'disposition'>[];
  readonly progress: readonly Row<
    never,
    'received' | 'applied' | 'duplicate' | 'stale' | 'conflict' | 'deadLetter'
  >[];
  readonly deadLetters: readonly Row<'code' | 'eventId' | 'digest'>[];
  readonly facts: readonly Row<'eventId' | 'identityId' | 'data'>[];
  readonly callbacks: readonly (Row<'eventId' | 'verification' | 'data'> & {
    readonly attempt: string | null;
    readonly finalState: string | null;
  })[];
  /** In order of insertion. */
  readonly audit: readonly (Row<'subjectId' | 'decisions' | 'decidedAt'> & {
    readonly eventId: string | null;
  })[];
  /** Every entry, in order of insertion, with its position in the order of the trail; null: it has none yet. */
  readonly auditOrder: readonly (Row<'subject', 'auditId'> & {
    readonly position: number | null;
  })[];
  readonly identities: readonly Row<
    'identityId' | 'source' | 'externalId' | 'lifecycle' | 'generation'
  >[];
  readonly accounts: readonly Row<
    'accountId' | 'identityId' | 'target' | 'state' | 'userName' | 'attributes' | 'generation'
  >[];
  readonly engagements: readonly Row<'engagement' | 'identityId'>[];
  readonly assignments: readonly Row<'accountId' | 'entitlement' | 'reasons'>[];
  readonly verifications: readonly (Row<'verification' | 'state'> & {
    readonly attempt: string | null;
  })[];
  readonly attempts: readonly Row<'verification' | 'attempt' | 'state'>[];
  /** `overdueSeconds`: since its lease or its wait has run out; `isForgotten`: no policy at work has tried it. */
  readonly dueWork: readonly (Row<'kind' | 'itemId', 'overdueSeconds'> & {
    readonly isForgotten: boolean;
  })[];
  /** Parked identities without due work. */
  readonly abandoned: readonly Row<'identityId'>[];
  readonly outbox: readonly (Row<'ceId' | 'key' | 'payload' | 'position' | 'generation'> &
    Row<never, 'partition'> & { readonly topic: OutputTopic })[];
}

/** Runs one statement on the judged database. */
export type Query = (text: string, values?: readonly unknown[]) => Promise<readonly object[]>;

/** @param names - names of the output topics in this installation */
export async function gatherEvidence(
  query: Query,
  names: Readonly<Record<OutputTopic, string>>,
): Promise<Evidence> {
  const rows: Partial<Record<keyof Evidence, readonly object[]>> = {};
  for (const [name, text] of Object.entries(QUERIES)) {
    rows[name as keyof Evidence] = await query(text);
  }
  const logical = new Map(Object.entries(names).map(([topic, name]) => [name, topic]));
  const outbox = (rows.outbox ?? []) as Evidence['outbox'];
  return {
    ...(rows as unknown as Evidence),
    outbox: outbox
      .filter(({ topic }) => logical.has(topic))
      .map((row) => ({ ...row, topic: logical.get(row.topic) as OutputTopic })),
  };
}

const QUERIES: Readonly<Record<keyof Evidence, string>> = {
  inbox: 'select event_id as "eventId", disposition from inbox',
  progress: `select received::float8, applied::float8, duplicate::float8, stale::float8, conflict::float8,
    dead_letter::float8 as "deadLetter" from intake_progress`,
  deadLetters: `select code, coalesce(event_id, '') as "eventId",
    encode(sha256(coalesce(raw, '')), 'hex') as digest from dead_letter`,
  facts: 'select event_id as "eventId", identity_id::text as "identityId", data from fact',
  callbacks: `select event_id as "eventId", verification_id as verification, attempt,
    final_state as "finalState", data from verification_callback`,
  audit: `select subject_id as "subjectId", event_id as "eventId", decisions,
    decided_at::text as "decidedAt" from audit_entry
    where subject_kind in ('identity', 'verification') order by audit_id`,
  auditOrder: `select subject_kind || ' ' || subject_id as subject, audit_id::float8 as "auditId",
    (position + audit_id - first_audit_id)::float8 as position from audit_entry
    left join lateral (
      select position, first_audit_id, last_audit_id from audit_order
      where first_audit_id <= audit_id order by first_audit_id desc limit 1
    ) as range on audit_id <= last_audit_id
    order by audit_id`,
  identities: `select identity_id::text as "identityId", source, external_id as "externalId",
    coalesce(lifecycle, 'undecided') as lifecycle, generation::text from identity`,
  accounts: `select account_id::text as "accountId", identity_id::text as "identityId", target, state,
    user_name as "userName", attributes, generation::text from account`,
  engagements: 'select engagement, identity_id::text as "identityId" from engagement',
  assignments: 'select account_id::text as "accountId", entitlement, reasons from assignment',
  verifications: 'select verification_id as verification, state, attempt from verification',
  attempts: 'select verification_id as verification, attempt, state from verification_attempt',
  dueWork: `select kind, item_id as "itemId",
    extract(epoch from clock_timestamp() - greatest(lease_until, retry_at))::float8
      as "overdueSeconds",
    lease_until is null and tried_at < clock_timestamp() - interval '30 s' and tried_policy <> all (
      select policy_hash from policy_at_work where seen_at > clock_timestamp() - interval '30 s'
    ) and exists (
      select from policy_at_work where seen_at > clock_timestamp() - interval '30 s'
    ) as "isForgotten" from due_work`,
  abandoned: `select identity_id::text as "identityId" from identity
    where parked_at is not null and not exists (
      select from due_work where kind = 'clock' and item_id = identity_id::text)`,
  outbox: `select topic, partition, position::text, ce_id::text as "ceId", key, payload,
    generation::text from outbox join outbox_lane using (lane)`,
};
