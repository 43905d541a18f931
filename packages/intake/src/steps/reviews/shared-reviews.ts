import {
  type EndedReview,
  lockReviews,
  type NewReview,
  openReviews,
  type ResolvedReview,
  type SharedReviewRow,
  saveSharedReviews,
  type Tx,
} from '@latchkey/postgres';

/** One unknown person in the detail of a review. */
export interface NamedPerson {
  readonly source: string;
  readonly externalId: string;
  readonly eventId: string;
  /** Known people of the same source with a similar id; at most ten. */
  readonly alike: readonly string[];
}

/** An unknown person who shares a review. A row in state `shared` names them. */
export interface Member extends NamedPerson {
  readonly reviewId: string;
}

/** A review that many share. */
export interface SharedReview extends Omit<NewReview, 'detail' | 'state'> {
  /** Start of the hour in which it was opened. */
  readonly hour: string;
  readonly members: readonly Member[];
}

/** `detail` of a review that many share. */
interface SharedDetail {
  readonly hour: string;
  /** All who have ever shared it. */
  readonly count: number;
  /** Those who are still unknown; absent where an older version opened it, which kept no rows of their own. */
  readonly unknown?: number;
  /** Some who are still unknown, those with similar ids first. */
  readonly first: readonly NamedPerson[];
}

/** Persons named in a shared review. */
const MAX_NAMED = 50;

/** Shared reviews to announce. */
export interface SharedOutcome {
  readonly opened: readonly ResolvedReview[];
  readonly resolved: readonly ResolvedReview[];
}

/**
 * Adds new members to the counts of shared reviews, and subtracts those who became known. A review is resolved when no
 * member is unknown any more, and opened again by the next one. The reviews are locked in the order of their ids, after
 * the rows of their members.
 *
 * @param opened - ids of the rows that were just inserted
 * @param ended - reviews that were just resolved
 */
export async function settleShared(
  tx: Tx,
  shared: readonly SharedReview[],
  opened: ReadonlySet<string>,
  ended: readonly EndedReview[],
): Promise<SharedOutcome> {
  const growing = shared
    .map((one) => ({ ...one, members: one.members.filter(({ reviewId }) => opened.has(reviewId)) }))
    .filter(({ members }) => members.length > 0);
  const leaving = leavingOf(ended);
  if (growing.length === 0 && leaving.size === 0) return { opened: [], resolved: [] };
  const made = await openReviews(tx, growing.map(emptyReview));
  const ids = [...growing.map(({ reviewId }) => reviewId), ...leaving.keys()];
  const settled = (await lockReviews(tx, ids)).map((before) => {
    const id = before.reviewId;
    const grown = growing.find(({ reviewId }) => reviewId === id);
    return { before, after: settledReview(before, grown, leaving.get(id) ?? new Set()) };
  });
  const saved = settled.map(({ after }) => after);
  saveSharedReviews(tx, saved);
  const turned = settled.filter(({ before, after }) => before.state !== after.state);
  return {
    opened: [
      ...saved.filter(({ reviewId }) => made.has(reviewId)),
      ...turned.map(({ after }) => after).filter(({ state }) => state === 'open'),
    ],
    resolved: turned.map(({ after }) => after).filter(({ state }) => state === 'resolved'),
  };
}

/** External ids of those who became known, by the review that counts them. */
function leavingOf(ended: readonly EndedReview[]): ReadonlyMap<string, ReadonlySet<string>> {
  const leaving = new Map<string, Set<string>>();
  for (const { detail } of ended) {
    if (detail === null) continue;
    const { sharedIn, externalId } = JSON.parse(detail) as { sharedIn: string; externalId: string };
    leaving.set(sharedIn, (leaving.get(sharedIn) ?? new Set()).add(externalId));
  }
  return leaving;
}

function emptyReview({ reviewId, kind, subject, owner, dueAtMs, hour }: SharedReview): NewReview {
  const detail = detailText({ hour, count: 0, unknown: 0, first: [] });
  return { reviewId, kind, subject, owner, dueAtMs, detail };
}

function settledReview(
  before: SharedReviewRow,
  grown: SharedReview | undefined,
  leaving: ReadonlySet<string>,
): SharedReviewRow {
  const known = JSON.parse(before.detail) as SharedDetail;
  const members = grown?.members ?? [];
  const unknown = (known.unknown ?? known.count) - leaving.size + members.length;
  const first = [
    ...known.first.filter(({ externalId }) => !leaving.has(externalId)),
    ...members.map(named),
  ];
  const detail = detailText({
    hour: known.hour,
    count: known.count + members.length,
    unknown,
    first: first.toSorted(alikeFirst).slice(0, MAX_NAMED),
  });
  const state = unknown > 0 ? 'open' : 'resolved';
  const version = before.version + (state === before.state ? 0n : 1n);
  const isAgain = before.state === 'resolved' && grown !== undefined;
  return {
    ...before,
    state,
    version,
    detail,
    dueAtMs: isAgain ? grown.dueAtMs : before.dueAtMs,
  };
}

function alikeFirst(one: NamedPerson, other: NamedPerson): number {
  return Number(other.alike.length > 0) - Number(one.alike.length > 0);
}

/** The properties of a person that `detail` contains. */
export function named({ source, externalId, eventId, alike }: NamedPerson): NamedPerson {
  return { source, externalId, eventId, alike };
}

function detailText(detail: SharedDetail): string {
  return JSON.stringify(detail);
}
