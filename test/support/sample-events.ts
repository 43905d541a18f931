import type { TestDatabase } from './database.ts';
import { employee, hrEvent, inDays, ivrEvent, type SentEvent } from './events.ts';

/** Events of every kind, for batches of any size. */

/** The same for all: the number of moments of a record must not depend on how fast events are created. */
const MOVED_AT = inDays(-2);
const VOICE = { attempt: 'a1', platform: 'example' };
const CALL = { ...VOICE, call: { session: 'c1' } };

export function joined(person: string, startsAt = inDays(-9)): SentEvent {
  return hrEvent('joined', person, 1, { startsAt, attributes: employee('Finance') });
}

export function moved(person: string, revision = 2): SentEvent {
  const attributes = { department: 'Sales' };
  return hrEvent('moved', person, revision, { effectiveAt: MOVED_AT, attributes });
}

export function left(person: string): SentEvent {
  return hrEvent('left', person, 2, { endsAt: inDays(-1) });
}

/** Becomes a dead letter that claims its id. */
export function broken(person: string): SentEvent {
  return hrEvent('joined', person, 1, {});
}

export function asked(verification: string): SentEvent {
  return ivrEvent('requested', verification, { purpose: 'callback' });
}

export function opened(verification: string): SentEvent {
  return ivrEvent('attempt-opened', verification, { ...VOICE, channel: 'voice' });
}

export function verdict(verification: string, claim: string): SentEvent {
  return ivrEvent('verdict-reached', verification, {
    ...CALL,
    verdict: claim,
    decidedBy: 'platform',
  });
}

/** Another event with the same id. */
export function otherContent(event: SentEvent): SentEvent {
  return { ...event, data: { ...(event.data as object), reason: 'another' } };
}

/** Applies the makers in turn, so that few ids cover all of them. */
export function inTurns<T>(
  ids: readonly string[],
  makers: readonly ((id: string) => T)[],
): readonly T[] {
  return ids.flatMap((id, index) => makers[index % makers.length]?.(id) ?? []);
}

/**
 * An event for each of these persons, who have joined: movers, leavers, poison, duplicates, conflicts, and
 * new joiners.
 *
 * @param before - the events by which they joined
 */
export function mixOfPersons(
  persons: readonly string[],
  before: readonly SentEvent[],
): readonly SentEvent[] {
  const of = Map.groupBy(before, ({ subject }) => subject);
  return inTurns<readonly SentEvent[]>(persons, [
    (id) => [joined(`${id}-new`)],
    (id) => [moved(id)],
    (id) => [left(id)],
    (id) => [broken(id)],
    (id) => of.get(id) ?? [],
    (id) => (of.get(id) ?? []).map(otherContent),
  ]).flat();
}

/** The same for verifications that were requested and have an attempt. */
export function mixOfVerifications(
  verifications: readonly string[],
  before: readonly SentEvent[],
): readonly SentEvent[] {
  const of = Map.groupBy(before, ({ subject }) => subject);
  return inTurns<readonly SentEvent[]>(verifications, [
    (id) => [asked(`${id}-new`)],
    (id) => [verdict(id, 'verified')],
    (id) => [verdict(id, 'rejected')],
    (id) => [ivrEvent('requested', id, { purpose: 7 })],
    (id) => (of.get(id) ?? []).slice(0, 1),
    (id) => (of.get(id) ?? []).slice(1).map(otherContent),
  ]).flat();
}

/** As if days had passed: these future joiners have joined; `person` joined before. */
export async function makeDue(
  { query }: Pick<TestDatabase, 'query'>,
  persons: readonly string[],
  person: string,
): Promise<void> {
  await query(
    `update fact set data = jsonb_set(fact.data::jsonb, '{startsAt}', past.data::jsonb -> 'startsAt')
     from identity, (select data from fact where engagement = $2) as past
     where identity.identity_id = fact.identity_id and identity.external_id = any ($1)`,
    [persons, `E-${person}`],
  );
  await query('update identity set next_transition_at = now() where external_id = any ($1)', [
    persons,
  ]);
}

/** As if the deadlines of these had passed, and all partitions were read past them. */
export async function expire(
  { query }: Pick<TestDatabase, 'query'>,
  verifications: readonly string[],
): Promise<void> {
  await query(
    `update verification set expires_at = now(), next_deadline_at = now()
     where verification_id = any ($1)`,
    [verifications],
  );
  await query('update intake_progress set read_through_at = clock_timestamp()');
}
