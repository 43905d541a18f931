import type { TestDatabase } from '../create-database.ts';
import { HR } from '../events.ts';

type Filling = Pick<TestDatabase, 'query'>;

/** Provides the function that derives ids while `work` runs. */
export async function withCopying({ query }: Filling, work: () => Promise<void>): Promise<void> {
  await query('create extension if not exists pgcrypto');
  await query(DERIVED_ID);
  await work();
  await query('drop function bench_id; drop extension pgcrypto');
}

export interface Copied {
  /** The first and the last number of the copies. */
  readonly from: number;
  readonly to: number;
  /** Number of models. */
  readonly models: number;
}

/** Copies the rows of the models, with the external ids of the copies in all texts. */
export async function copyPersons({ query }: Filling, { from, to, models }: Copied): Promise<void> {
  await query('drop table if exists person_copy');
  await query(`
    create unlogged table person_copy as
    select model.external_id as old, numbered.external_id as new, model.identity_id as model_id,
      bench_id(E'identity\\n${HR}\\n' || numbered.external_id) as new_id
    from (
      select 'known-' || n || '.' as external_id, 'known-' || n % ${models} || '.' as model
      from generate_series(${from}, ${to}) as n
    ) as numbered
    join identity as model on model.source = '${HR}' and model.external_id = numbered.model`);
  await query('analyze person_copy');
  for (const text of COPIES) await query(text);
  await query('drop table person_copy');
}

/** Derives ids as `derivedId` of packages/contracts. */
const DERIVED_ID = `
  create function bench_id(name text) returns uuid language sql immutable parallel safe as $$
    select encode(
      set_byte(
        set_byte(digest, 6, (get_byte(digest, 6) & 15) | 80),
        8, (get_byte(digest, 8) & 63) | 128),
      'hex')::uuid
    from substring(
      digest(decode('6d1f6c1e2b7a5d0f9a543c1d7c0e8f21', 'hex') || convert_to(name, 'UTF8'), 'sha1')
      from 1 for 16) as digest
  $$`;

const COPIES = [
  `insert into inbox (event_id, fingerprint, disposition, outcome)
   select replace(event_id, old, new), inbox.fingerprint, inbox.disposition, inbox.outcome
   from person_copy join fact on fact.identity_id = model_id join inbox using (event_id)`,
  `insert into correlation_key (kind, value, external_id)
   select kind, replace(value, old, new), new
   from person_copy join correlation_key on external_id = old`,
  `insert into identity (identity_id, source, external_id, lifecycle, generation, derived_at,
     next_transition_at, fact_bytes, record_version, derived_policy_hash)
   select new_id, source, new, lifecycle, generation, derived_at, next_transition_at, fact_bytes,
     record_version, derived_policy_hash
   from person_copy join identity on identity_id = model_id`,
  `insert into fact (event_id, fingerprint, identity_id, source, kind, engagement, source_order, data)
   select replace(event_id, old, new), fingerprint, new_id, source, kind,
     replace(engagement, old, new), source_order, replace(data, old, new)
   from person_copy join fact on identity_id = model_id`,
  // After the facts, which drop what they overtake.
  `insert into engagement_checkpoint (identity_id, source, engagement, through_order, head, referred,
     pruned_below, base)
   select new_id, source, replace(engagement, old, new), through_order, replace(head, old, new),
     array(select replace(event_id, old, new) from unnest(referred) as event_id),
     pruned_below, replace(base, old, new)
   from person_copy join engagement_checkpoint on identity_id = model_id`,
  `insert into checkpoint_row_key (identity_id, source, engagement, row_key)
   select new_id, source, replace(engagement, old, new), replace(row_key, old, new)
   from person_copy join checkpoint_row_key on identity_id = model_id`,
  `insert into engagement (identity_id, source, engagement, external_id, starts_at, ends_at,
     access_ends_at, state)
   select new_id, source, replace(engagement, old, new), new, starts_at, ends_at, access_ends_at, state
   from person_copy join engagement on identity_id = model_id`,
  `insert into account (account_id, identity_id, target, state, user_name, attributes, generation)
   select bench_id(E'account\\n' || new_id || E'\\n' || target), new_id, target, state,
     replace(user_name, old, new), replace(attributes, old, new), generation
   from person_copy join account on identity_id = model_id`,
  `insert into assignment (account_id, entitlement, identity_id, target, reasons)
   select bench_id(E'account\\n' || new_id || E'\\n' || target), entitlement, new_id, target, reasons
   from person_copy join assignment on identity_id = model_id`,
  // The last of each: a long history has many.
  `insert into audit_entry (decided_at, subject_kind, subject_id, trigger, event_id, decider, owner,
     decisions)
   select decided_at, subject_kind, new_id::text, trigger, replace(event_id, old, new), decider, owner,
     decisions
   from person_copy, lateral (
     select * from audit_entry where subject_id = model_id::text order by audit_id desc limit 10
   ) as last`,
];
