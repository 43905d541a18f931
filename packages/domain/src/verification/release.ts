import { applyAttemptFact } from './apply-fact.ts';
import { type AttemptState, isEnded, type ParkedFact } from './attempt.ts';
import { type Draft, saveAttempt } from './draft.ts';

type Arrival = Pick<ParkedFact, 'takenAtMs' | 'place'>;

interface Waiting {
  readonly attempt: string;
  readonly fact: ParkedFact;
  /** The later of its own stamp and that of the opening of its attempt: nothing counts before that. */
  readonly countsFrom: Arrival;
}

/** The attempt has just been opened: what waited on it counts now, in the order of arrival. */
export function releaseAttempt(draft: Draft, attemptId: string, atMs: number): void {
  const attempt = draft.attempts.get(attemptId);
  if (attempt === undefined || isEnded(attempt.state)) return;
  const { parked = [] } = attempt.detail;
  for (const fact of parked.toSorted(byTaking)) releaseFact(draft, attemptId, fact, atMs);
}

/**
 * The verification has just been requested: what waited counts as if the request had come first.
 * Facts of attempts that were not opened keep waiting.
 *
 * @param cancel - applies the cancellation that waits; called once, at its place among the facts
 */
export function releaseAll(draft: Draft, atMs: number, cancel: () => void): void {
  const { cancellation } = draft.verification.detail;
  const waiting = [...draft.attempts.values()].flatMap(waitingOn).toSorted(byCounting);
  const isBefore = ({ countsFrom }: Waiting): boolean =>
    cancellation === undefined || byTaking(countsFrom, cancellation) < 0;
  for (const { attempt, fact } of waiting.filter(isBefore)) releaseFact(draft, attempt, fact, atMs);
  if (cancellation !== undefined) cancel();
}

function waitingOn({ attempt, detail: { parked = [] } }: AttemptState): Waiting[] {
  const opening = parked.filter(({ kind }) => kind === 'opened').toSorted(byTaking)[0];
  if (opening === undefined) return [];
  return parked.map((fact) => {
    const countsFrom = byTaking(fact, opening) < 0 ? opening : fact;
    return { attempt, fact, countsFrom };
  });
}

function releaseFact(draft: Draft, attemptId: string, fact: ParkedFact, atMs: number): void {
  const attempt = draft.attempts.get(attemptId);
  if (attempt?.detail.parked?.includes(fact) !== true) return;
  if (attempt.openedAtMs === undefined && fact.kind !== 'opened') return;
  saveAttempt(draft, { ...attempt, detail: withoutFact(attempt, fact) });
  const disposition = applyAttemptFact(draft, attemptId, undefined, fact, atMs);
  const { eventId } = fact;
  draft.decisions.push({ kind: 'parked_fact_taken', attempt: attemptId, eventId, disposition });
}

function withoutFact({ detail }: AttemptState, fact: ParkedFact): AttemptState['detail'] {
  const { parked: waiting = [], ...rest } = detail;
  const parked = waiting.filter((other) => other !== fact);
  return parked.length === 0 ? rest : { ...rest, parked };
}

function byCounting(one: Waiting, other: Waiting): number {
  return (
    byTaking(one.countsFrom, other.countsFrom) ||
    Number(other.fact.kind === 'opened') - Number(one.fact.kind === 'opened') ||
    byTaking(one.fact, other.fact)
  );
}

function byTaking(one: Arrival, other: Arrival): number {
  return one.takenAtMs - other.takenAtMs || one.place - other.place;
}
