import type { Event, Read, Rejection } from '@latchkey/contracts';
import {
  claimEvents,
  type EarlierClaim,
  lockClaim,
  readRetainedSince,
  type Tx,
} from '@latchkey/postgres';
import type { Delivery, Origin, ReadDelivery } from './delivery.ts';

/** An event that this transaction has claimed, with the delivery that brought it. */
export interface ClaimedEvent<E extends Event = Event> {
  readonly delivery: Delivery;
  readonly origin: Origin;
  readonly event: E;
}

/** The result of claiming the event of one delivery. */
export type ClaimResult =
  /** The event is ours to decide. */
  | { readonly kind: 'claimed'; readonly event: Event }
  | Refused
  /** The event was claimed before with the same content; `answer` is what the first delivery got. */
  | { readonly kind: 'duplicate'; readonly answer: string | undefined }
  /** The same event comes earlier in this transaction, in the delivery with this index. */
  | { readonly kind: 'repeated'; readonly first: number }
  /** The event was claimed before, or comes earlier in this transaction, with other content. */
  | { readonly kind: 'conflict'; readonly eventId: string; readonly fingerprint: Buffer };

/** The delivery is a dead letter. */
export interface Refused {
  readonly kind: 'refused';
  readonly rejection: Rejection;
  /** The event id that it has claimed: the same event again is a duplicate, other content a conflict. */
  readonly claimed: string | undefined;
}

/** What claiming depends on besides the deliveries. */
export interface Claiming {
  /** By the database's clock. */
  readonly nowMs: number;
  /** Since when the inbox remembers every claim; null: it has forgotten none. See `readRetainedSince`. */
  readonly retainedSinceMs: number | null;
  /**
   * Which table keeps the id of an event, so that a later delivery is found to be a duplicate. `record`: the fact keeps it,
   * until it is pruned below a full statement. `inbox`: no other table is guaranteed to keep its event id.
   */
  readonly retention: 'record' | 'inbox';
}

/** How far an event's `time` may lie ahead of the database's clock. */
const MAX_AHEAD_MS = 5 * 60_000;

/** An event from the future: most likely a clock is wrong, and its facts would outlive every other. */
const AHEAD: Rejection = {
  code: 'TIME_AHEAD',
  field: 'time',
  cause: 'expected a time at most 5 minutes ahead of the database clock',
};

export const TOO_OLD: Rejection = {
  code: 'TOO_OLD',
  field: undefined,
  cause: 'expected a delivery that the broker stamped since the inbox remembers',
};

/**
 * Claims the events of deliveries: each belongs to this transaction afterwards, or is known to be a duplicate, a conflict
 * or a dead letter. A delivery that an operator redrives claims its event again if that ended as a dead letter.
 *
 * @returns one result for each delivery, in their order; of deliveries with one event id the first one claims it
 * @throws Error when the inbox has forgotten claims meanwhile that these deliveries may repeat; the caller runs them again
 */
export async function claim(
  tx: Tx,
  deliveries: readonly ReadDelivery[],
  claiming: Claiming,
): Promise<readonly ClaimResult[]> {
  const admitted = deliveries.map((one, index) => admit(one, index, claiming));
  const firsts = firstsOf(admitted);
  const redriven = [...firsts.values()].filter(({ index }) => isRedriven(deliveries[index]));
  // First of all, so that the inbox cannot forget these claims between the statements below.
  await lockDeadClaims(tx, redriven);
  const claims = [...firsts.values()].map(({ eventId, fingerprint }) => ({
    eventId,
    fingerprint: fingerprint.toString('hex'),
  }));
  const [earlier] = await Promise.all([
    claimEvents(tx, claims),
    checkMemory(tx, deliveries, admitted, claiming),
  ]);
  const dead = await lockDeadClaims(
    tx,
    redriven.filter(({ eventId }) => earlier.has(eventId)),
  );
  return admitted.map((one) => {
    if ('kind' in one) return one;
    const first = firsts.get(one.eventId) ?? one;
    return resultOf(one, first, earlier.get(one.eventId), dead);
  });
}

/** A delivery with an event id to claim. */
interface Claimant {
  readonly index: number;
  readonly eventId: string;
  readonly fingerprint: Buffer;
  readonly read: Read;
}

function admit(
  { delivery, origin, read }: ReadDelivery,
  index: number,
  claiming: Claiming,
): Claimant | Refused {
  const claimed = read.kind === 'event' ? read.event : read.claim;
  if (claimed === undefined) return refused(read);
  // The dead letter that is redriven has claimed what it may claim.
  if (read.kind === 'rejected' && origin.kind === 'operator') return refused(read);
  if (claimed.timeMs > claiming.nowMs + MAX_AHEAD_MS) return refused(read, AHEAD);
  if (isTooOld(delivery, read, claiming)) return refused(read, TOO_OLD);
  const { eventId, fingerprint } = claimed;
  return { index, eventId, fingerprint, read };
}

function refused(read: Read, rejection?: Rejection): Refused {
  const why = rejection ?? (read.kind === 'rejected' ? read.rejection : undefined);
  if (why === undefined) throw new RangeError('an event is refused without a reason');
  return { kind: 'refused', rejection: why, claimed: undefined };
}

/**
 * True for an event that may have been claimed and forgotten: no table but the inbox is guaranteed to keep its id, and the
 * broker stamped the delivery before the time from which the inbox keeps claims. False for a rejected delivery, which is a
 * dead letter by its own reason.
 */
function isTooOld(
  { takenAtMs }: Delivery,
  { kind }: Read,
  { retention, retainedSinceMs }: Omit<Claiming, 'nowMs'>,
): boolean {
  if (retention === 'record' || kind === 'rejected' || retainedSinceMs === null) return false;
  return takenAtMs < retainedSinceMs;
}

/**
 * The inbox may forget while a batch is processed. Sent after the claims, this sees everything that was forgotten before they
 * were made.
 */
async function checkMemory(
  tx: Tx,
  deliveries: readonly ReadDelivery[],
  admitted: readonly (Claimant | Refused)[],
  { retention }: Claiming,
): Promise<void> {
  if (retention === 'record') return;
  const events = deliveries.filter(
    (one, index) =>
      !isRedriven(one) && one.read.kind === 'event' && !('kind' in (admitted[index] ?? {})),
  );
  if (events.length === 0) return;
  const [row] = await tx.run(readRetainedSince, {});
  const retainedSinceMs = row?.retainedSinceMs ?? null;
  const times = { retention, retainedSinceMs };
  if (events.some(({ delivery, read }) => isTooOld(delivery, read, times))) {
    throw new Error('the inbox has just forgotten what this batch may repeat');
  }
}

function firstsOf(admitted: readonly (Claimant | Refused)[]): ReadonlyMap<string, Claimant> {
  const firsts = new Map<string, Claimant>();
  for (const one of admitted) {
    if (!('kind' in one) && !firsts.has(one.eventId)) firsts.set(one.eventId, one);
  }
  return firsts;
}

function isRedriven(one: ReadDelivery | undefined): boolean {
  return one?.origin.kind === 'operator';
}

/** Locks the claims of these events in the inbox; returns the ids of those that ended as a dead letter. */
async function lockDeadClaims(
  tx: Tx,
  claimants: readonly Claimant[],
): Promise<ReadonlySet<string>> {
  const dead = new Set<string>();
  for (const { eventId } of claimants) {
    // eslint-disable-next-line no-await-in-loop -- an operator redrives one dead letter in a transaction
    const [row] = await tx.run(lockClaim, { eventId });
    if (row?.disposition === 'dead_letter') dead.add(eventId);
  }
  return dead;
}

function resultOf(
  one: Claimant,
  first: Claimant,
  earlier: EarlierClaim | undefined,
  dead: ReadonlySet<string>,
): ClaimResult {
  const { eventId, fingerprint, read } = one;
  const reference = earlier ?? first;
  if (!reference.fingerprint.equals(fingerprint)) return { kind: 'conflict', eventId, fingerprint };
  if (earlier !== undefined && !dead.has(eventId)) {
    return { kind: 'duplicate', answer: earlier.outcome ?? undefined };
  }
  if (one.index !== first.index) return { kind: 'repeated', first: first.index };
  if (read.kind === 'event') return { kind: 'claimed', event: read.event };
  return { kind: 'refused', rejection: read.rejection, claimed: eventId };
}
