import { allowSource } from './allowed.ts';
import { openDelivery, type RawAttributes, type RawDelivery } from './delivery.ts';
import { type Envelope, knownAttributes, REVISION_EXPECTED, readEnvelope } from './envelope.ts';
import { EVENT_SCHEMAS, type Event, type EventType, isEventType } from './events/event.ts';
import { fingerprintOf } from './fingerprint.ts';
import { findFault } from './json/fault.ts';
import { parseInstantNs } from './moment.ts';
import { fieldOf, type Rejection } from './rejection.ts';
import { type RegisteredSource, type SourceRegistry } from './sources.ts';
import { type InputTopic } from './topics.ts';

/** The id that a delivery claims although its data broke the contract. */
export interface RejectedClaim {
  readonly eventId: string;
  readonly fingerprint: Buffer;
  readonly timeMs: number;
}

export type Read =
  | { readonly kind: 'event'; readonly event: Event }
  | {
      readonly kind: 'rejected';
      readonly rejection: Rejection;
      /** Set when envelope, source and topic are in order; otherwise nothing is claimed. */
      readonly claim: RejectedClaim | undefined;
      /** Its own attributes, as far as they are valid; for operators only, no decision depends on them. */
      readonly eventId: string | undefined;
      readonly source: string | undefined;
      readonly type: string | undefined;
    };

/** An envelope of which source and topic are in order too, with what it claims and how it is ordered. */
interface Admitted {
  readonly envelope: Envelope;
  readonly type: EventType;
  readonly fingerprint: Buffer;
  readonly order: bigint;
}

/**
 * Reads an event from a delivery, or returns what is wrong with it. Total and pure: for any bytes it
 * neither throws nor needs more than linear time.
 *
 * Checked in this order: value there, sizes, UTF-8, depth, JSON, envelope, type, source; then, from where on
 * the id is claimed, the data. Whether `time` is ahead is checked by intake, with the database's clock.
 */
export function readDelivery(
  delivery: RawDelivery,
  topic: InputTopic,
  sources: SourceRegistry,
): Read {
  const opened = openDelivery(delivery);
  const { attributes } = opened;
  if (opened.kind === 'refused') return rejected(opened.rejection, attributes);
  const envelope = readEnvelope(opened);
  if ('code' in envelope) return rejected(envelope, attributes);
  const { data } = opened;
  const admitted = admit(envelope, data, topic, sources);
  if ('code' in admitted) return rejected(admitted, attributes);
  const broken = (opened.suspect ? refuseFault(data) : undefined) ?? refuseData(admitted, data);
  if (broken === undefined) return { kind: 'event', event: eventOf(admitted, data) };
  return rejected(broken, attributes, admitted);
}

function rejected(rejection: Rejection, attributes: RawAttributes, admitted?: Admitted): Read {
  const claim = admitted && {
    eventId: admitted.envelope.eventId,
    fingerprint: admitted.fingerprint,
    timeMs: admitted.envelope.timeMs,
  };
  return { kind: 'rejected', rejection, claim, ...knownAttributes(attributes) };
}

function admit(
  envelope: Envelope,
  data: unknown,
  topic: InputTopic,
  sources: SourceRegistry,
): Admitted | Rejection {
  const { type, subject, sourceversion } = envelope;
  if (!isEventType(type)) {
    return { code: 'TYPE_UNKNOWN', field: 'type', cause: 'an event type that this version knows' };
  }
  const source = allowSource({ envelope, type, data, topic }, sources);
  if ('code' in source) return source;
  const order = orderOf(envelope, source);
  if (order === undefined) {
    return { code: 'NOT_CLOUDEVENTS', field: 'sourceversion', cause: REVISION_EXPECTED };
  }
  const timeNs = source.order === 'modified' ? order : undefined;
  const fingerprint = fingerprintOf({ type, subject, sourceversion, timeNs, data });
  return { envelope, type, fingerprint, order };
}

function orderOf(envelope: Envelope, source: RegisteredSource): bigint | undefined {
  const { sourceversion, time } = envelope;
  if (source.order === 'modified') return parseInstantNs(time);
  return sourceversion === undefined ? undefined : BigInt(sourceversion);
}

function refuseFault(data: unknown): Rejection | undefined {
  const fault = findFault(data, ['data']);
  return fault && { code: 'CONTRACT_BROKEN', field: fieldOf(fault.path), cause: fault.expected };
}

function refuseData({ envelope, type }: Admitted, data: unknown): Rejection | undefined {
  const parsed = EVENT_SCHEMAS[type].safeParse(data);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const field = fieldOf(['data', ...(issue?.path ?? [])]);
    return { code: 'CONTRACT_BROKEN', field, cause: issue?.message ?? 'data as in its contract' };
  }
  if ('verification' in parsed.data && parsed.data.verification !== envelope.subject) {
    return { code: 'CONTRACT_BROKEN', field: 'subject', cause: 'the same as data.verification' };
  }
  return undefined;
}

/** The data is kept as it was sent, not as the schema returns it: unknown members are kept. */
function eventOf({ envelope, type, fingerprint, order }: Admitted, data: unknown): Event {
  const { eventId, source, subject, time, timeMs, traceparent, tracestate } = envelope;
  return {
    eventId,
    fingerprint,
    source,
    type,
    subject,
    time,
    timeMs,
    order,
    traceparent,
    tracestate,
    data,
  } as Event;
}
