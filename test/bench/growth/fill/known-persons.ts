import { readFile } from 'node:fs/promises';
import { DEFAULT_TOPIC_NAMES } from '@latchkey/contracts';
import { EXAMPLE_POLICY_URL, loadPolicy } from '@latchkey/domain';
import { type BatchDelivery, locate, outputLanes, processBatch } from '@latchkey/intake';
import { ensureLanes, listLanes, openDatabase } from '@latchkey/postgres';
import {
  employee,
  HR,
  hrEvent,
  inDays,
  type SentEvent,
  structured,
} from '../../../support/events.ts';
import type { Fed } from '../../workload/feed.ts';
import { hashOf } from '../../workload/permutation.ts';
import type { Filling } from './filled-servers.ts';

const DEPARTMENTS = ['Finance', 'Sales', 'Engineering', 'Support', 'Operations'];
/** Persons that intake creates; all others are copies of them. */
const MODELS_COUNT = 20;
const CHUNK_PERSONS = 100_000;

/** External id of a known person. */
function externalIdOf(person: number): string {
  return `known-${person}.`;
}

const MOVES_BEGIN_DAYS = -300;
const MOVES_DAYS = 290;

/** Moves of randomly drawn known persons. Each is the latest of its person, so that it has an effect. */
export function* knownMoves(persons: number, events: number, seed: number): Generator<Fed> {
  for (let number = 0; number < events; number += 1) {
    const person = hashOf(seed, number) % persons;
    const department = DEPARTMENTS[hashOf(seed, number, 1) % DEPARTMENTS.length];
    const effectiveAt = inDays(MOVES_BEGIN_DAYS + (number / events) * MOVES_DAYS);
    const data = { effectiveAt, attributes: { department } };
    const event = hrEvent('moved', externalIdOf(person), number + 2, data);
    yield { kind: 'event', number, event, record: structured(event) };
  }
}

/**
 * Creates persons with one fact each and all derived rows. Intake creates the first few; SQL copies them with new
 * ids.
 */
export async function fillPersons(database: Filling, persons: number): Promise<void> {
  await createModels(database);
  await database.query('create extension if not exists pgcrypto');
  await database.query(DERIVED_ID);
  for (let from = MODELS_COUNT; from < persons; from += CHUNK_PERSONS) {
    await copyModels(database, from, Math.min(persons, from + CHUNK_PERSONS) - 1);
  }
  await database.query('drop function bench_id; drop extension pgcrypto');
  // Rows of the models only, which are unpublished; each system has new topics.
  await database.query(
    'truncate outbox, intake_progress, outbox_lane, relay_position restart identity cascade',
  );
}

async function createModels({ url }: Filling): Promise<void> {
  await using db = openDatabase({
    url,
    role: undefined,
    poolSize: 1,
    applicationName: 'bench-fill',
    onConnectionLost: () => undefined,
  });
  const policy = loadPolicy(await readFile(EXAMPLE_POLICY_URL, 'utf8'));
  const names = DEFAULT_TOPIC_NAMES;
  for (const topic of Object.values(names)) await db.run(ensureLanes, { topic, partitions: 1 });
  const lanes = outputLanes(await db.run(listLanes, {}), names);
  const topic = names['workforce-events'];
  const at = { topic, partition: 0 };
  await locate(db, { ...at, logStart: 0n, logEnd: BigInt(MODELS_COUNT) });
  const deliveries = Array.from({ length: MODELS_COUNT }, (_, person) => deliveryOf(person));
  const batch = { ...at, input: 'workforce-events' as const, fetchedOffset: 0n };
  const whole = { ...batch, nextOffset: BigInt(MODELS_COUNT), deliveries };
  const outputs = { installation: 'bench', lanes, layout: 0 };
  const outcome = await processBatch({ db, policy, outputs, build: 'bench' }, whole);
  if (outcome.kind !== 'processed' || outcome.counts.applied !== MODELS_COUNT) {
    throw new Error(`the models were not applied: ${JSON.stringify(outcome)}`);
  }
}

function deliveryOf(person: number): BatchDelivery {
  const { key, value } = structured(joinedEvent(person));
  return {
    offset: BigInt(person),
    takenAtMs: Date.now(),
    key: Buffer.from(String(key)),
    value: Buffer.from(String(value)),
    headers: [['content-type', Buffer.from('application/cloudevents+json')]],
  };
}

function joinedEvent(person: number): SentEvent {
  const externalId = externalIdOf(person);
  const attributes = employee(DEPARTMENTS[person % DEPARTMENTS.length] ?? '', {
    familyName: 'Lindqvist',
    email: `${externalId}@corp.example.com`,
    jobTitle: 'Specialist',
    location: 'Berlin',
  });
  const data = { startsAt: inDays(-900), attributes };
  return hrEvent('joined', externalId, 1, data, { id: `${externalId}joined` });
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

/** Copies the rows of the models, with the external ids of the copies in all texts. */
async function copyModels({ query }: Filling, from: number, to: number): Promise<void> {
  await query(`
    create temp table copy as
    select model.external_id as old, numbered.external_id as new, model.identity_id as model_id,
      bench_id(E'identity\n${HR}\n' || numbered.external_id) as new_id
    from (
      select 'known-' || n || '.' as external_id, 'known-' || n % ${MODELS_COUNT} || '.' as model
      from generate_series(${from}, ${to}) as n
    ) as numbered
    join identity as model on model.source = '${HR}' and model.external_id = numbered.model`);
  await query('analyze copy');
  for (const text of COPIES) await query(text);
  await query('drop table copy');
}

const COPIES = [
  `insert into inbox (event_id, fingerprint, disposition, outcome)
   select replace(event_id, old, new), inbox.fingerprint, inbox.disposition, inbox.outcome
   from copy join fact on fact.identity_id = model_id join inbox using (event_id)`,
  `insert into correlation_key (kind, value, external_id)
   select kind, replace(value, old, new), new from copy join correlation_key on external_id = old`,
  `insert into identity (identity_id, source, external_id, lifecycle, generation, derived_at,
     next_transition_at)
   select new_id, source, new, lifecycle, generation, derived_at, next_transition_at
   from copy join identity on identity_id = model_id`,
  `insert into fact (event_id, fingerprint, identity_id, source, kind, engagement, source_order, data)
   select replace(event_id, old, new), fingerprint, new_id, source, kind,
     replace(engagement, old, new), source_order, replace(data, old, new)
   from copy join fact on identity_id = model_id`,
  `insert into engagement (identity_id, source, engagement, external_id, starts_at, ends_at,
     access_ends_at, state)
   select new_id, source, replace(engagement, old, new), new, starts_at, ends_at, access_ends_at, state
   from copy join engagement on identity_id = model_id`,
  `insert into account (account_id, identity_id, target, state, user_name, attributes, generation)
   select bench_id(E'account\n' || new_id || E'\n' || target), new_id, target, state,
     replace(user_name, old, new), replace(attributes, old, new), generation
   from copy join account on identity_id = model_id`,
  `insert into assignment (account_id, entitlement, identity_id, target, reasons)
   select bench_id(E'account\n' || new_id || E'\n' || target), entitlement, new_id, target, reasons
   from copy join assignment on identity_id = model_id`,
  `insert into audit_entry (decided_at, subject_kind, subject_id, trigger, event_id, decider, owner,
     decisions)
   select decided_at, subject_kind, new_id::text, trigger, replace(event_id, old, new), decider, owner,
     decisions
   from copy join audit_entry on subject_id = model_id::text`,
];
