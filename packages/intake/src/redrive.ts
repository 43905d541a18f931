import { type InputTopic, readDelivery } from '@latchkey/contracts';
import type { Policy } from '@latchkey/domain';
import {
  type AuditEntry,
  claimEvents,
  type Db,
  type DeadLetterRow,
  lockClaim,
  lockDeadLetter,
  markGivenUpAgain,
  markRedriven,
  readNow,
  type Tx,
} from '@latchkey/postgres';
import { apply } from './apply.ts';
import type { Delivery, Origin } from './batch.ts';
import { type Changes, joinChanges } from './changes.ts';
import { AHEAD, type ClaimedEvent, isAhead, type RefusedDelivery, TOO_OLD } from './claim.ts';
import { causeOf, isDataError } from './data-error.ts';
import { deadLetteredEffect } from './dead-letter.ts';
import { decide } from './decide.ts';
import { lock } from './lock.ts';
import type { Outputs } from './outputs.ts';

/** What became of a dead letter that was put back. */
export type Redriven =
  | { readonly kind: 'applied' }
  /** The event was applied meanwhile, by another delivery. */
  | { readonly kind: 'duplicate' }
  /** The event id was applied meanwhile with other content: nothing was changed. */
  | { readonly kind: 'conflict' }
  /** It was given up again. */
  | {
      readonly kind: 'dead_letter';
      readonly code: string;
      readonly field: string | undefined;
      readonly cause: string;
    }
  | { readonly kind: 'not_found' | 'not_open' };

export interface RedriveContext {
  readonly policy: Policy;
  readonly outputs: Outputs;
  /** The input that the letter's topic is; the names are configured. */
  inputOf(topic: string): InputTopic | undefined;
  /** Who asked for it. */
  readonly operator: string;
}

/**
 * Puts a dead letter back through intake, in one transaction. The position of its partition and the
 * counts of deliveries stay as they are: it was counted when it came. Pressed twice, the second finds
 * it redriven. One that still cannot be applied is given up again, in a second transaction.
 */
export async function redrive(db: Db, id: string, context: RedriveContext): Promise<Redriven> {
  try {
    return await redriveOnce(db, id, context, undefined);
  } catch (error) {
    if (!isDataError(error)) throw error;
    return redriveOnce(db, id, context, causeOf(error));
  }
}

/** @param failed - why applying it failed just now */
function redriveOnce(
  db: Db,
  id: string,
  context: RedriveContext,
  failed: string | undefined,
): Promise<Redriven> {
  return db.transaction(async (tx) => {
    const [letter] = await tx.run(lockDeadLetter, { id });
    if (letter === undefined) return { kind: 'not_found' };
    if (letter.state !== 'open') return { kind: 'not_open' };
    const input = context.inputOf(letter.topic);
    if (input === undefined) return { kind: 'not_found' };
    const delivery = deliveryOf(letter);
    const read = readDelivery(delivery, input, context.policy.sources);
    const nowMs = await readNow(tx);
    if (read.kind === 'rejected') return giveUpAgain(tx, letter, read, context, nowMs);
    if (isAhead(read.event, nowMs)) {
      return giveUpAgain(tx, letter, { rejection: AHEAD, ...read.event }, context, nowMs);
    }
    // Not by the retry class: other letters of `do_not_retry` are read again, as a newer version may accept them.
    // It does not grow younger. What was given up for another reason was not too old when it came.
    if (letter.code === TOO_OLD.code) {
      return giveUpAgain(tx, letter, { rejection: TOO_OLD, ...read.event }, context, nowMs);
    }
    if (failed !== undefined) {
      const rejection = { code: 'APPLY_FAILED', field: undefined, cause: failed } as const;
      return giveUpAgain(tx, letter, { rejection, ...read.event }, context, nowMs);
    }
    return takeAgain(
      tx,
      letter,
      { delivery, origin: originOf(letter), event: read.event },
      context,
    );
  });
}

async function takeAgain(
  tx: Tx,
  letter: DeadLetterRow,
  claimed: ClaimedEvent,
  context: RedriveContext,
): Promise<Redriven> {
  const standing = await claimAgain(tx, claimed);
  if (standing === 'conflict') return { kind: 'conflict' };
  tx.finally(markRedriven, { id: letter.id, by: context.operator });
  const events = standing === 'ours' ? [claimed] : [];
  const locked = await lock(tx, events, context.outputs);
  const decided = { events, refused: [], duplicates: [], contradicting: [], conflicts: [] };
  const { changes } = await decide(decided, locked, context.policy);
  const settled = standing === 'ours' ? settledAgain(claimed, changes) : {};
  const audit = [
    auditEntry(letter, standing === 'ours' ? 'applied' : 'duplicate', context, locked.nowMs),
  ];
  await apply(tx, joinChanges([changes, settled, { audit }]), context.outputs, locked.nowMs);
  return { kind: standing === 'ours' ? 'applied' : 'duplicate' };
}

/** The row of the inbox says dead letter, or is new: either way it ends as what was decided now. */
function settledAgain({ event }: ClaimedEvent, changes: Changes): Partial<Changes> {
  if (changes.claims.some(({ eventId }) => eventId === event.eventId)) return {};
  return { claims: [{ eventId: event.eventId, disposition: 'applied' }] };
}

async function claimAgain(
  tx: Tx,
  { event }: ClaimedEvent,
): Promise<'ours' | 'duplicate' | 'conflict'> {
  const { eventId, fingerprint } = event;
  // First of all, so that the janitor cannot forget it between the statements below.
  await tx.run(lockClaim, { eventId });
  const earlier = await claimEvents(tx, [{ eventId, fingerprint: fingerprint.toString('hex') }]);
  const known = earlier.get(eventId);
  if (known === undefined) return 'ours';
  if (!known.fingerprint.equals(fingerprint)) return 'conflict';
  const [row] = await tx.run(lockClaim, { eventId });
  return row?.disposition === 'dead_letter' ? 'ours' : 'duplicate';
}

async function giveUpAgain(
  tx: Tx,
  letter: DeadLetterRow,
  {
    rejection,
    eventId,
    source,
    type,
  }: Pick<RefusedDelivery, 'rejection' | 'eventId' | 'source' | 'type'>,
  context: RedriveContext,
  nowMs: number,
): Promise<Redriven> {
  const { id } = letter;
  const { code, field, cause } = rejection;
  tx.finally(markGivenUpAgain, { id, code, field: field ?? null, cause });
  const again = { ...letter, code, eventId, source, type };
  const changes = joinChanges([
    {
      effects: [deadLetteredEffect(again, letter.attempts + 1, nowMs)],
      audit: [auditEntry(letter, 'dead_letter', context, nowMs)],
    },
  ]);
  await apply(tx, changes, context.outputs, nowMs);
  return { kind: 'dead_letter', code, field, cause };
}

function auditEntry(
  { id }: DeadLetterRow,
  disposition: string,
  { operator, policy }: RedriveContext,
  nowMs: number,
): AuditEntry {
  return {
    decidedAtMs: nowMs,
    subjectKind: 'dead_letter',
    subjectId: id,
    trigger: 'operator',
    eventId: undefined,
    decider: `operator:${operator}`,
    owner: policy.owner,
    decisions: JSON.stringify([{ kind: 'redrive', disposition }]),
  };
}

function originOf({ topic, partition, epoch }: DeadLetterRow): Origin {
  return { topic, partition, epoch };
}

function deliveryOf(letter: DeadLetterRow): Delivery {
  const headers = JSON.parse(letter.headers) as readonly (readonly [string, string])[];
  return {
    offset: letter.offset,
    takenAtMs: letter.takenAtMs,
    key: letter.key,
    value: letter.raw,
    headers: headers.map(([name, value]) => [name, Buffer.from(value, 'base64')]),
  };
}
