import { derivedId, type PersonEvent, type WorkforceEvent } from '@latchkey/contracts';
import type { Fact, Policy } from '@latchkey/domain';
import { type IdentityKey, listAlikeIds, type NewReview, type Tx } from '@latchkey/postgres';
import { type Changes, REVIEW_DUE_MS } from './changes.ts';
import { type NamedStranger, named, type SharedReview } from './shared-reviews.ts';

/** An unknown person: a source ends their access, and has never sent a `joined` or `stated` for them. */
export interface Stranger extends IdentityKey, NamedStranger {}

type RecordEvent = WorkforceEvent | PersonEvent;

interface Known {
  readonly facts: readonly Pick<Fact, 'kind'>[];
  readonly current: Pick<IdentityKey, 'source' | 'externalId'>;
}

type KnownPeople = ReadonlyMap<string, Known>;
type EventsOf = ReadonlyMap<string, readonly RecordEvent[]>;

/** Beyond so many of one source in a batch they share one review of that source and hour. */
const MAX_REVIEWS_A_SOURCE = 10;
const HOUR_MS = 3_600_000;

/**
 * Finds the strangers among the people of these events, and known people with a similar id. Queries the
 * database only if there are strangers.
 */
export async function findStrangers(
  tx: Tx,
  people: KnownPeople,
  identityOf: ReadonlyMap<RecordEvent, string>,
): Promise<readonly Stranger[]> {
  const events = Map.groupBy(identityOf.keys(), (event) => identityOf.get(event) ?? '');
  const strangers = strangersAmong(people, events);
  if (strangers.length === 0) return [];
  const found = Map.groupBy(await listAlikeIds(tx, strangers), ({ identityId }) => identityId);
  return strangers.map((stranger) => ({
    ...stranger,
    alike: (found.get(stranger.identityId) ?? []).map(({ alike }) => alike),
  }));
}

function strangersAmong(people: KnownPeople, events: EventsOf): Omit<Stranger, 'alike'>[] {
  return [...events].flatMap(([identityId, own]) => {
    const person = people.get(identityId);
    const ending = own.find(({ type }) => ends(kindOf(type)));
    if (person === undefined || ending === undefined) return [];
    if (isKnown(person) || own.some(({ type }) => introduces(kindOf(type)))) return [];
    const { source, externalId } = person.current;
    return [{ identityId, source, externalId, eventId: ending.eventId }];
  });
}

/**
 * The reviews of strangers: one for each, or one for a source and hour where a batch has many of it,
 * as when a source begins to write its ids in another way. Of these each has a row of their own, too.
 */
export function strangerReviews(
  strangers: readonly Stranger[],
  { owner }: Policy,
  nowMs: number,
): Pick<Changes, 'reviews' | 'shared'> {
  const common = { owner, dueAtMs: nowMs + REVIEW_DUE_MS };
  const bySource = Map.groupBy(strangers, ({ source }) => source);
  const many = [...bySource].filter(([, own]) => own.length > MAX_REVIEWS_A_SOURCE);
  const hour = new Date(nowMs - (nowMs % HOUR_MS)).toISOString();
  const shared = many.map(
    ([source, own]): SharedReview => ({
      reviewId: derivedId('review', 'leavers_unknown', source, hour),
      kind: 'leavers_unknown',
      subject: source,
      hour,
      members: own.map((stranger) => ({ ...stranger, reviewId: reviewOf(stranger.identityId) })),
      ...common,
    }),
  );
  const sharedIn = new Map(shared.map(({ subject, reviewId }) => [subject, reviewId]));
  const reviews = strangers.map((stranger): NewReview => {
    const own = {
      reviewId: reviewOf(stranger.identityId),
      kind: 'leaver_unknown',
      subject: stranger.identityId,
      ...common,
    };
    const by = sharedIn.get(stranger.source);
    if (by === undefined) return { ...own, detail: JSON.stringify(named(stranger)) };
    const detail = JSON.stringify({ ...named(stranger), sharedIn: by });
    return { ...own, state: 'shared', detail };
  });
  return { reviews, shared };
}

/** The reviews of people who were strangers until these events. */
export function introducedReviews(
  identityId: string,
  person: Known,
  events: readonly RecordEvent[],
): Changes['resolved'] {
  const wasStranger = !isKnown(person) && person.facts.some(({ kind }) => ends(kind));
  const isIntroduced = events.some(({ type }) => introduces(kindOf(type)));
  return wasStranger && isIntroduced ? [reviewOf(identityId)] : [];
}

function reviewOf(identityId: string): string {
  return derivedId('review', 'leaver_unknown', identityId);
}

function isKnown({ facts }: Known): boolean {
  return facts.some(({ kind }) => introduces(kind));
}

function introduces(kind: string): boolean {
  return kind === 'joined' || kind === 'stated';
}

function ends(kind: string): boolean {
  return kind === 'left' || kind === 'blocked';
}

/** `latchkey.workforce.left.v1`: `left`. */
function kindOf(type: string): string {
  return type.split('.')[2] ?? '';
}
