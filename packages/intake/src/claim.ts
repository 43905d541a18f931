import { type Event, isRecordEvent, type Read, type Rejection } from '@latchkey/contracts';
import {
  claimEvents,
  type EarlierClaim,
  type LockedProgressRow,
  type NewConflict,
  readRetainedSince,
  type Tx,
} from '@latchkey/postgres';
import type { Batch, Delivery } from './batch.ts';

/** A delivery, and what it says. */
export interface ReadDelivery {
  readonly delivery: Delivery;
  readonly read: Read;
}

/** An event whose id is ours, with the delivery that brought it. */
export interface ClaimedEvent {
  readonly delivery: Delivery;
  readonly event: Event;
}

/** A delivery that becomes a dead letter. */
export interface RefusedDelivery {
  readonly delivery: Delivery;
  readonly rejection: Rejection;
  readonly eventId: string | undefined;
  readonly source: string | undefined;
  readonly type: string | undefined;
  /** It claimed its id: the same event again is a duplicate, other content a conflict. */
  readonly claimed: boolean;
}

/** What became of the deliveries of a batch, before anything was decided. */
export interface Claimed {
  /** In the order of the batch, each id once. */
  readonly events: readonly ClaimedEvent[];
  readonly refused: readonly RefusedDelivery[];
  readonly duplicates: number;
  readonly conflicts: readonly NewConflict[];
}

type Times = Pick<LockedProgressRow, 'nowMs' | 'retainedSinceMs'>;

/** How far an event's `time` may lie ahead of the database's clock. */
const MAX_AHEAD_MS = 5 * 60_000;

/**
 * Claims the event ids of a batch: afterwards each one belongs to this transaction, or is known to
 * be a duplicate or a conflict. Deliveries of one id within the batch are folded first.
 *
 * @throws Error when claims were forgotten meanwhile that these may repeat: to be taken again
 */
export async function claim(
  tx: Tx,
  batch: Pick<Batch, 'topic' | 'partition'>,
  given: readonly ReadDelivery[],
  times: Times,
): Promise<Claimed> {
  const refused: RefusedDelivery[] = [];
  const claimants: Claimant[] = [];
  for (const one of given) {
    const claimant = claimantOf(one, times);
    if ('rejection' in claimant) refused.push(claimant);
    else claimants.push(claimant);
  }
  const groups = Map.groupBy(claimants, ({ eventId }) => eventId);
  const firsts = [...groups.values()].flatMap((group) => group.slice(0, 1));
  const claims = firsts.map(({ eventId, fingerprint }) => ({
    eventId,
    fingerprint: fingerprint.toString('hex'),
  }));
  const [earlier] = await Promise.all([claimEvents(tx, claims), checkMemory(tx, claimants)]);
  return resolve(batch, groups, earlier, refused);
}

/**
 * The inbox may forget while a batch is under way. Sent behind the claims, this sees whatever was
 * forgotten before they were made.
 */
async function checkMemory(tx: Tx, claimants: readonly ReadDelivery[]): Promise<void> {
  if (!claimants.some(needsMemory)) return;
  const [retention] = await tx.run(readRetainedSince, {});
  const retainedSinceMs = retention?.retainedSinceMs ?? null;
  if (claimants.some((one) => isTooOld(one, retainedSinceMs))) {
    throw new Error('the inbox has just forgotten what this batch may repeat');
  }
}

interface Claimant extends ReadDelivery {
  readonly eventId: string;
  readonly fingerprint: Buffer;
}

function claimantOf(
  given: ReadDelivery,
  { nowMs, retainedSinceMs }: Times,
): Claimant | RefusedDelivery {
  const { delivery, read } = given;
  const claimed = read.kind === 'event' ? read.event : read.claim;
  if (claimed === undefined) return refusedOf(given, false);
  if (isAhead(claimed, nowMs)) return { ...refusedOf(given, false), rejection: AHEAD };
  if (isTooOld(given, retainedSinceMs)) return { ...refusedOf(given, false), rejection: TOO_OLD };
  return { delivery, read, eventId: claimed.eventId, fingerprint: claimed.fingerprint };
}

/** An event from the future: most likely a clock is wrong, and its facts would outlive every other. */
export function isAhead({ timeMs }: { readonly timeMs: number }, nowMs: number): boolean {
  return timeMs > nowMs + MAX_AHEAD_MS;
}

export const AHEAD: Rejection = {
  code: 'TIME_AHEAD',
  field: 'time',
  cause: 'expected a time at most 5 minutes ahead of the database clock',
};

/** Facts are a set, and stay in it: one that comes again is found there. Nothing else is so sure. */
function needsMemory({ read }: ReadDelivery): boolean {
  return read.kind === 'event' && !isRecordEvent(read.event);
}

function isTooOld(given: ReadDelivery, retainedSinceMs: number | null): boolean {
  if (retainedSinceMs === null || !needsMemory(given)) return false;
  return given.delivery.takenAtMs < retainedSinceMs;
}

export const TOO_OLD: Rejection = {
  code: 'TOO_OLD',
  field: undefined,
  cause: 'expected a delivery that the broker stamped since the inbox remembers',
};

function refusedOf({ delivery, read }: ReadDelivery, claimed: boolean): RefusedDelivery {
  if (read.kind === 'rejected') {
    const { rejection, eventId, source, type } = read;
    return { delivery, rejection, eventId, source, type, claimed };
  }
  const { eventId, source, type } = read.event;
  return { delivery, rejection: AHEAD, eventId, source, type, claimed };
}

function resolve(
  batch: Pick<Batch, 'topic' | 'partition'>,
  groups: ReadonlyMap<string, readonly Claimant[]>,
  earlier: ReadonlyMap<string, EarlierClaim>,
  refused: RefusedDelivery[],
): Claimed {
  const events: ClaimedEvent[] = [];
  const contradicting: Claimant[] = [];
  let duplicates = 0;
  for (const [eventId, group] of groups) {
    const known = earlier.get(eventId)?.fingerprint;
    const [first, ...rest] = group;
    if (first === undefined) continue;
    if (known === undefined) takeFirst(first, events, refused);
    const reference = known ?? first.fingerprint;
    for (const again of known === undefined ? rest : group) {
      if (reference.equals(again.fingerprint)) duplicates += 1;
      else contradicting.push(again);
    }
  }
  return { events, refused, duplicates, conflicts: conflictsOf(batch, contradicting) };
}

/** The first delivery of an id that is ours: an event, or a dead letter that has claimed its id. */
function takeFirst(first: Claimant, events: ClaimedEvent[], refused: RefusedDelivery[]): void {
  const { delivery, read } = first;
  if (read.kind === 'event') events.push({ delivery, event: read.event });
  else refused.push(refusedOf(first, true));
}

/** One conflict for each different content of an id, with how often it came. */
function conflictsOf(
  { topic, partition }: Pick<Batch, 'topic' | 'partition'>,
  contradicting: readonly Claimant[],
): readonly NewConflict[] {
  const groups = Map.groupBy(
    contradicting,
    ({ eventId, fingerprint }) => `${eventId}\n${fingerprint.toString('hex')}`,
  );
  return [...groups.values()].flatMap(([first, ...rest]) => {
    if (first === undefined) return [];
    const { eventId, fingerprint, delivery } = first;
    const { value: body, offset } = delivery;
    return [{ eventId, fingerprint, body, topic, partition, offset, count: 1 + rest.length }];
  });
}
