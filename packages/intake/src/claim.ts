import { type Event, isRecordEvent, type Read, type Rejection } from '@latchkey/contracts';
import {
  claimEvents,
  type EarlierClaim,
  type LockedProgressRow,
  type NewConflict,
  readRetainedSince,
  type Tx,
} from '@latchkey/postgres';
import type { Delivery, Origin } from './batch.ts';

/** A delivery, and what it says. */
export interface ReadDelivery {
  readonly delivery: Delivery;
  readonly origin: Origin;
  readonly read: Read;
}

/** An event whose id is ours, with the delivery that brought it. */
export interface ClaimedEvent {
  readonly delivery: Delivery;
  readonly origin: Origin;
  readonly event: Event;
}

/** A delivery that becomes a dead letter. */
export interface RefusedDelivery {
  readonly delivery: Delivery;
  readonly origin: Origin;
  readonly rejection: Rejection;
  readonly eventId: string | undefined;
  readonly source: string | undefined;
  readonly type: string | undefined;
  /** It claimed its id: the same event again is a duplicate, other content a conflict. */
  readonly claimed: boolean;
}

/** What became of deliveries, before anything was decided. */
export interface Claimed {
  /** In the order in which they were given, each id once. */
  readonly events: readonly ClaimedEvent[];
  readonly refused: readonly RefusedDelivery[];
  readonly duplicates: readonly ReadDelivery[];
  /** Deliveries with an id that came before with other content. */
  readonly contradicting: readonly ReadDelivery[];
  /** The same, one for each different content. */
  readonly conflicts: readonly NewConflict[];
}

type Times = Pick<LockedProgressRow, 'nowMs' | 'retainedSinceMs'>;

/** How far an event's `time` may lie ahead of the database's clock. */
const MAX_AHEAD_MS = 5 * 60_000;

/**
 * Claims the event ids of deliveries: afterwards each one belongs to this transaction, or is known to
 * be a duplicate or a conflict. Deliveries of one id among them are folded first.
 *
 * @throws Error when claims were forgotten meanwhile that these may repeat: to be taken again
 */
export async function claim(
  tx: Tx,
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
  return resolve(groups, earlier, refused);
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
  const { read } = given;
  const claimed = read.kind === 'event' ? read.event : read.claim;
  if (claimed === undefined) return refusedOf(given, false);
  if (isAhead(claimed, nowMs)) return { ...refusedOf(given, false), rejection: AHEAD };
  if (isTooOld(given, retainedSinceMs)) return { ...refusedOf(given, false), rejection: TOO_OLD };
  return { ...given, eventId: claimed.eventId, fingerprint: claimed.fingerprint };
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

function refusedOf({ delivery, origin, read }: ReadDelivery, claimed: boolean): RefusedDelivery {
  if (read.kind === 'rejected') {
    const { rejection, eventId, source, type } = read;
    return { delivery, origin, rejection, eventId, source, type, claimed };
  }
  const { eventId, source, type } = read.event;
  return { delivery, origin, rejection: AHEAD, eventId, source, type, claimed };
}

function resolve(
  groups: ReadonlyMap<string, readonly Claimant[]>,
  earlier: ReadonlyMap<string, EarlierClaim>,
  refused: RefusedDelivery[],
): Claimed {
  const events: ClaimedEvent[] = [];
  const contradicting: Claimant[] = [];
  const duplicates: Claimant[] = [];
  for (const [eventId, group] of groups) {
    const known = earlier.get(eventId)?.fingerprint;
    const [first, ...rest] = group;
    if (first === undefined) continue;
    if (known === undefined) takeFirst(first, events, refused);
    const reference = known ?? first.fingerprint;
    for (const again of known === undefined ? rest : group) {
      if (reference.equals(again.fingerprint)) duplicates.push(again);
      else contradicting.push(again);
    }
  }
  return { events, refused, duplicates, contradicting, conflicts: conflictsOf(contradicting) };
}

/** The first delivery of an id that is ours: an event, or a dead letter that has claimed its id. */
function takeFirst(first: Claimant, events: ClaimedEvent[], refused: RefusedDelivery[]): void {
  const { delivery, origin, read } = first;
  if (read.kind === 'event') events.push({ delivery, origin, event: read.event });
  else refused.push(refusedOf(first, true));
}

/** One conflict for each different content of an id, with how often it came. */
function conflictsOf(contradicting: readonly Claimant[]): readonly NewConflict[] {
  const groups = Map.groupBy(
    contradicting,
    ({ eventId, fingerprint }) => `${eventId}\n${fingerprint.toString('hex')}`,
  );
  return [...groups.values()].flatMap(([first, ...rest]) => {
    if (first === undefined) return [];
    const { eventId, fingerprint, delivery, origin } = first;
    const { value: body, offset } = delivery;
    const { topic, partition } = origin;
    return [{ eventId, fingerprint, body, topic, partition, offset, count: 1 + rest.length }];
  });
}
