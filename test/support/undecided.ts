import { type BatchOutcome, processOrIsolate, reconcileDue } from '@latchkey/intake';
import { brokenPolicy } from './broken-policy.ts';
import type { TestDatabase } from './database.ts';
import { employee, HR, hrEvent, inDays, inSeconds, SECURITY, type SentEvent } from './events.ts';
import type { IntakeHarness } from './intake-harness.ts';

export function joined(person: string): SentEvent {
  return hrEvent('joined', person, 1, { startsAt: inDays(-9), attributes: employee('Sales') });
}

export function moved(person: string, revision = 2): SentEvent {
  const data = { effectiveAt: inDays(-1), attributes: employee('Finance') };
  return hrEvent('moved', person, revision, data);
}

/** A block by the security team. */
export function blocked(person: string): SentEvent {
  return securityEvent('blocked', person, 1);
}

/** Ends that block. */
export function released(person: string): SentEvent {
  return securityEvent('released', person, 2);
}

function securityEvent(kind: string, person: string, revision: number): SentEvent {
  const data = { reason: 'stolen laptop', person: { source: HR, externalId: person } };
  return {
    ...hrEvent(kind, person, revision, {}, { time: inSeconds(revision - 9) }),
    source: SECURITY,
    type: `latchkey.person.${kind}.v1`,
    data,
  };
}

export function leftAtOnce(person: string): SentEvent {
  return hrEvent('left', person, 2, { endsAt: inDays(9), immediate: true });
}

/** What is saved of one person; accounts by target. */
export async function stateOf(
  database: TestDatabase,
  person: string,
): Promise<{
  readonly identity: unknown;
  readonly accounts: readonly { readonly state: string; readonly generation: number }[];
}> {
  const [identity] = await database.query(
    `select lifecycle, generation::int, derived_at is not null as derived, parked_at is not null as parked
     from identity where external_id = $1`,
    [person],
  );
  const accounts = await database.query<{ state: string; generation: number }>(
    `select target, account.state, account.generation::int,
       disabled_at is not null as disabled, (select count(*)::int from assignment
         where assignment.account_id = account.account_id) as held
     from account join identity using (identity_id) where external_id = $1 order by target`,
    [person],
  );
  return { identity, accounts };
}

/** Processes events by a policy that decides no identity. */
export function processBroken(
  harness: IntakeHarness,
  events: readonly SentEvent[],
): Promise<readonly BatchOutcome[]> {
  const broken = { ...harness.context, policy: brokenPolicy(harness.policy) };
  return processOrIsolate(broken, harness.batchOf(events));
}

/** The database refuses rows of a table, as it would refuse a value that validation missed. */
export async function refuse(database: TestDatabase, table: string, when: string): Promise<void> {
  await database.query(`
    create or replace function refuse_poison() returns trigger language plpgsql as $$
    begin raise exception 'poison' using errcode = '22003'; end $$;
    create trigger poison before insert or update on ${table} for each row
    when (${when}) execute function refuse_poison();`);
}

/** A fact that breaks every contract, as an older version might have stored it. */
export async function spoilFactsOf(database: TestDatabase, person: string): Promise<void> {
  await database.query(
    `update fact set data = '{"engagement":"E-${person}","startsAt":"never","attributes":{}}'
     where engagement = 'E-${person}'`,
  );
}

/** Decides the identities that are handed over to due work, as the clock of another release does, one a round. */
export async function decideHandedOver(harness: IntakeHarness): Promise<void> {
  const release = { ...harness.context, build: 'another' };
  for (let tried = 1; tried > 0; ) ({ tried } = await reconcileDue(release));
}
