import { derivedId, type RecordEvent } from '@latchkey/contracts';
import { type FactKind, factKindOf, type Policy } from '@latchkey/domain';
import {
  type IdentityKey,
  identityIdColumns,
  listIntroducedIds,
  listSimilarIds,
  type NewReview,
  type Tx,
} from '@latchkey/postgres';
import { type Changes, REVIEW_DUE_MS } from '../changes.ts';
import { type NamedPerson, named, type SharedReview } from '../reviews/shared-reviews.ts';
import type { LockedIdentity } from './known-identity.ts';
import { introduces } from './stored-record.ts';

/** A person whose access a source ends although it has never sent a `joined` or `stated` for them. */
export interface UnknownPerson extends IdentityKey, NamedPerson {}

type Known = Pick<LockedIdentity, 'current' | 'isIntroduced'>;
type KnownPeople = ReadonlyMap<string, LockedIdentity>;
type EventsOf = ReadonlyMap<string, readonly RecordEvent[]>;

/** Beyond so many of one source in a batch they share one review of that source and hour. */
const MAX_REVIEWS_A_SOURCE = 10;
const HOUR_MS = 3_600_000;

/**
 * The people with what these events need to know of them: whether a `joined` or `stated` names each. A head does not say
 * that; the database is asked about those whose other facts do not show it.
 */
export async function withIntroduced(
  tx: Tx,
  people: KnownPeople,
  events: EventsOf,
): Promise<KnownPeople> {
  const doubtful = [...events].flatMap(([identityId, own]) => {
    const person = people.get(identityId);
    if (person === undefined || person.isIntroduced || !person.hasHeads) return [];
    const asks = own.map(factKindOf).some((kind) => ends(kind) || introduces(kind));
    return asks ? [identityId] : [];
  });
  if (doubtful.length === 0) return people;
  const found = await tx.run(listIntroducedIds, identityIdColumns(doubtful));
  const introduced = new Set(found.map(({ identityId }) => identityId));
  return new Map(
    [...people].map(([identityId, person]) => [
      identityId,
      introduced.has(identityId) ? { ...person, isIntroduced: true } : person,
    ]),
  );
}

/**
 * Finds the unknown people among those of these events, and known people with a similar id. Queries the
 * database only if there are unknown people.
 */
export async function findUnknownPeople(
  tx: Tx,
  people: KnownPeople,
  events: EventsOf,
): Promise<readonly UnknownPerson[]> {
  const unknown = unknownAmong(people, events);
  if (unknown.length === 0) return [];
  const found = Map.groupBy(await listSimilarIds(tx, unknown), ({ identityId }) => identityId);
  return unknown.map((person) => ({
    ...person,
    alike: (found.get(person.identityId) ?? []).map(({ alike }) => alike),
  }));
}

function unknownAmong(people: KnownPeople, events: EventsOf): Omit<UnknownPerson, 'alike'>[] {
  return [...events].flatMap(([identityId, own]) => {
    const person = people.get(identityId);
    const ending = own.find((event) => ends(factKindOf(event)));
    if (person === undefined || ending === undefined) return [];
    if (person.isIntroduced || own.some((event) => introduces(factKindOf(event)))) return [];
    const { source, externalId } = person.current;
    return [{ identityId, source, externalId, eventId: ending.eventId }];
  });
}

/**
 * The reviews of unknown people: one for each, or one shared by a source and hour where a batch has many of that source,
 * as when a source begins to write its ids in another way. Each person of a shared review has a row too.
 */
export function unknownPeopleReviews(
  unknown: readonly UnknownPerson[],
  { owner }: Policy,
  nowMs: number,
): Pick<Changes, 'reviews' | 'shared'> {
  const common = { owner, dueAtMs: nowMs + REVIEW_DUE_MS };
  const bySource = Map.groupBy(unknown, ({ source }) => source);
  const many = [...bySource].filter(([, own]) => own.length > MAX_REVIEWS_A_SOURCE);
  const hour = new Date(nowMs - (nowMs % HOUR_MS)).toISOString();
  const shared = many.map(
    ([source, own]): SharedReview => ({
      reviewId: derivedId('review', 'leavers_unknown', source, hour),
      kind: 'leavers_unknown',
      subject: source,
      hour,
      members: own.map((person) => ({ ...person, reviewId: reviewOf(person.identityId) })),
      ...common,
    }),
  );
  const sharedIn = new Map(shared.map(({ subject, reviewId }) => [subject, reviewId]));
  const reviews = unknown.map((person): NewReview => {
    const own = {
      reviewId: reviewOf(person.identityId),
      kind: 'leaver_unknown',
      subject: person.identityId,
      ...common,
    };
    const by = sharedIn.get(person.source);
    if (by === undefined) return { ...own, detail: JSON.stringify(named(person)) };
    const detail = JSON.stringify({ ...named(person), sharedIn: by });
    return { ...own, state: 'shared', detail };
  });
  return { reviews, shared };
}

/** The reviews to resolve of people who were unknown until these events. */
export function introducedReviews(
  identityId: string,
  person: Known,
  events: readonly RecordEvent[],
): Changes['resolved'] {
  const wasUnknown = !person.isIntroduced && person.current.lifecycle !== undefined;
  const isIntroduced = events.some((event) => introduces(factKindOf(event)));
  return wasUnknown && isIntroduced ? [reviewOf(identityId)] : [];
}

function reviewOf(identityId: string): string {
  return derivedId('review', 'leaver_unknown', identityId);
}

function ends(kind: FactKind): boolean {
  return kind === 'left' || kind === 'blocked';
}
