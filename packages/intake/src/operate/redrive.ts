import {
  familyOfInput,
  type InputTopic,
  type Read,
  type Rejection,
  readDelivery,
} from '@latchkey/contracts';
import {
  type DeadLetterRow,
  lockDeadLetter,
  markGivenUpAgain,
  markRedriven,
  type Tx,
} from '@latchkey/postgres';
import { processRequest } from '../request/process-request.ts';
import { auditOf } from '../steps/audit.ts';
import type { Changes } from '../steps/changes.ts';
import { TOO_OLD } from '../steps/claim.ts';
import type { IntakeContext } from '../steps/context.ts';
import { deadLetteredEffect, labelsOf } from '../steps/dead-letter.ts';
import type { Delivery, ReadDelivery } from '../steps/delivery.ts';
import { givenUp } from '../steps/give-up.ts';
import type { DeliveryOutcome } from '../steps/outcome.ts';
import { storeOrGiveUp } from '../steps/store-or-give-up.ts';

/** The outcome of a dead letter that was redriven. */
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

export interface RedriveContext extends IntakeContext {
  /** The input that a topic is; the names are configured. */
  inputOf(topic: string): InputTopic | undefined;
  /** Who asked for it. */
  readonly operator: string;
}

/**
 * Processes the delivery of a dead letter again, in one transaction. The position of its partition and the counts of
 * deliveries stay as they are: it was counted when it arrived. A second call finds it redriven. One that still cannot be
 * applied is stored undecided, in a second transaction, or given up again in a third.
 */
export async function redrive(context: RedriveContext, id: string): Promise<Redriven> {
  try {
    return await redriveOnce(context, id, undefined);
  } catch (error) {
    return storeOrGiveUp(error, {
      store: (undecidable) => redriveOnce({ ...context, undecidable }, id, undefined),
      giveUp: (cause) => redriveOnce(context, id, cause),
    });
  }
}

/** @param failed - why applying it failed just now */
function redriveOnce(
  context: RedriveContext,
  id: string,
  failed: string | undefined,
): Promise<Redriven> {
  return context.db.transaction(async (tx) => {
    const [letter] = await tx.run(lockDeadLetter, { id });
    if (letter === undefined) return { kind: 'not_found' };
    if (letter.state !== 'open') return { kind: 'not_open' };
    const input = context.inputOf(letter.topic);
    if (input === undefined) return { kind: 'not_found' };
    const delivery = redrivenDelivery(letter, input, context, failed);
    const request = { family: familyOfInput(input), delivery };
    const outcome = await processRequest(tx, request, context, (outcome, atMs) =>
      settleLetter(tx, { letter, delivery, outcome, atMs }, context),
    );
    return redrivenOf(outcome);
  });
}

function redrivenDelivery(
  letter: DeadLetterRow,
  input: InputTopic,
  { policy, operator }: RedriveContext,
  failed: string | undefined,
): ReadDelivery {
  const { topic, partition, epoch, offset } = letter;
  const delivery = deliveryOf(letter);
  const redriven = { kind: 'kafka', topic, partition, epoch, offset } as const;
  const read = readDelivery(delivery, input, policy.sources);
  return {
    delivery,
    origin: { kind: 'operator', operator, redriven },
    read: judged(read, letter, failed),
  };
}

function judged(read: Read, { code }: DeadLetterRow, failed: string | undefined): Read {
  // Its age is that of its first arrival. What was given up for another reason was not too old then.
  if (code === TOO_OLD.code) return rejectedFor(read, TOO_OLD);
  return failed === undefined ? read : givenUp(read, failed);
}

function rejectedFor(read: Read, rejection: Rejection): Read {
  if (read.kind === 'rejected') return read;
  const { eventId, source, type } = read.event;
  return { kind: 'rejected', rejection, claim: undefined, eventId, source, type };
}

/** A dead letter with the outcome of its delivery, which was processed again. */
interface Settling {
  readonly letter: DeadLetterRow;
  readonly delivery: ReadDelivery;
  readonly outcome: DeliveryOutcome;
  readonly atMs: number;
}

function settleLetter(
  tx: Tx,
  { letter, delivery, outcome, atMs }: Settling,
  { operator, policy }: RedriveContext,
): Partial<Changes> {
  const { id } = letter;
  const { disposition, failure } = outcome;
  if (disposition === 'conflict') return {};
  const audit = auditOf({
    subject: { subjectKind: 'dead_letter', subjectId: id },
    cause: { trigger: 'operator', operator },
    decisions: [
      { kind: 'redrive', disposition: disposition === 'stale' ? 'applied' : disposition },
    ],
    owner: policy.owner,
    nowMs: atMs,
  });
  if (failure === undefined) {
    tx.finally(markRedriven, { id, by: operator });
    return { audit: [audit] };
  }
  const { code, field, cause } = failure;
  tx.finally(markGivenUpAgain, { id, code, field: field ?? null, cause });
  const again = { ...letter, ...labelsOf(delivery), code };
  return { audit: [audit], effects: [deadLetteredEffect(again, letter.attempts + 1, atMs)] };
}

function redrivenOf({ disposition, failure }: DeliveryOutcome): Redriven {
  if (failure !== undefined) {
    const { code, field, cause } = failure;
    return { kind: 'dead_letter', code, field, cause };
  }
  if (disposition === 'dead_letter') throw new RangeError('a dead letter without a failure');
  return { kind: disposition === 'stale' ? 'applied' : disposition };
}

function deliveryOf(letter: DeadLetterRow): Delivery {
  const headers = JSON.parse(letter.headers) as readonly (readonly [string, string])[];
  return {
    takenAtMs: letter.takenAtMs,
    key: letter.key,
    value: letter.raw,
    headers: headers.map(([name, value]) => [name, Buffer.from(value, 'base64')]),
  };
}
