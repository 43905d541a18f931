import type { SentRecord } from '../../support/events.ts';
import { canonical, digestOf } from './canonical.ts';

/** A delivery that claims its event id. */
export interface ParsedEvent {
  readonly eventId: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  /** Its order in its source. */
  readonly order: bigint;
  readonly data: Readonly<Record<string, unknown>>;
  /** Equal for contents with the same fingerprint. */
  readonly content: string;
  /** Failure code of a delivery that claims its id and becomes a dead letter. */
  readonly refusedAs: string | undefined;
}

/** Expected outcome of a delivery: an event, or a dead letter that claims nothing. */
export type ParsedDelivery =
  | { readonly kind: 'event'; readonly event: ParsedEvent }
  | { readonly kind: 'refused'; readonly code: string; readonly digest: string };

type Envelope = Readonly<Record<string, unknown>>;

/** Sources of the example policy: their types and order. */
const SOURCES: Readonly<Record<string, { readonly order: string; readonly types: RegExp }>> = {
  'urn:example:hr': { order: 'revision', types: /^latchkey\.(workforce|person)\./ },
  'urn:example:contractors': { order: 'modified', types: /^latchkey\.(workforce|person)\./ },
  'urn:example:security': { order: 'modified', types: /^latchkey\.person\./ },
  'urn:example:ivr': { order: 'modified', types: /^latchkey\.verification\./ },
};

/** Required members of the data, by type. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  'workforce.joined': ['engagement', 'startsAt', 'attributes'],
  'workforce.moved': ['engagement', 'effectiveAt', 'attributes'],
  'workforce.left': ['engagement', 'endsAt'],
  'workforce.suspended': ['engagement', 'effectiveAt'],
  'workforce.resumed': ['engagement', 'effectiveAt'],
  'workforce.rescinded': ['engagement', 'rescinds'],
  'workforce.stated': ['engagement', 'startsAt', 'timeline'],
  'person.blocked': ['reason'],
  'person.released': ['reason'],
  'verification.requested': ['verification', 'purpose'],
  'verification.attempt-opened': ['verification', 'attempt', 'platform', 'channel'],
  'verification.call-progressed': ['verification', 'attempt', 'platform', 'call', 'status'],
  'verification.input-checked': ['verification', 'attempt', 'platform', 'call', 'step', 'result'],
  'verification.verdict-reached': ['verification', 'attempt', 'platform', 'verdict', 'decidedBy'],
  'verification.cancelled': ['verification', 'reason'],
};

/** Parses a delivery by those rules of the contracts that the workloads break. */
export function parseSent(record: SentRecord): ParsedDelivery {
  const envelope = parseEnvelope(record);
  const parsed = typeof envelope === 'string' ? envelope : parseEvent(envelope);
  if (typeof parsed !== 'string') return { kind: 'event', event: parsed };
  return { kind: 'refused', code: parsed, digest: digestOf(record.value ?? '') };
}

/** Envelope attributes and `data`, or a failure code. */
function parseEnvelope({ value, headers = {} }: SentRecord): Envelope | string {
  if (value === null || value.length === 0) return 'EMPTY_VALUE';
  const text = typeof value === 'string' ? value : value.toString('utf8');
  if (text.includes('\ufffd')) return 'NOT_UTF8';
  const json = parseJson(text);
  if (json === undefined) return 'NOT_JSON';
  if (headers['ce_id'] === undefined) return json as Envelope;
  const attributes = Object.entries(headers).map(([name, text]) => [name.replace('ce_', ''), text]);
  return { ...(Object.fromEntries(attributes) as Envelope), data: json };
}

/** The event of an envelope, or the failure code with which it claims nothing. */
function parseEvent(envelope: Envelope): ParsedEvent | string {
  if (envelope['specversion'] !== '1.0') return 'NOT_CLOUDEVENTS';
  const { id, source, type, subject, time, sourceversion, data } = envelope as Record<
    'id' | 'source' | 'type' | 'subject' | 'time' | 'sourceversion',
    string
  > & { readonly data: ParsedEvent['data'] };
  const required = REQUIRED[type.replace(/^latchkey\./, '').replace(/\.v1$/, '')];
  if (required === undefined) return 'TYPE_UNKNOWN';
  const registered = SOURCES[source];
  if (registered?.types.test(type) !== true) return 'SOURCE_NOT_ALLOWED';
  const byRevision = registered.order === 'revision';
  const order = byRevision ? BigInt(sourceversion) : BigInt(Date.parse(time)) * 1_000_000n;
  if (time > '2080') return 'TIME_AHEAD';
  const isBroken = required.some((name) => data[name] === undefined);
  return {
    eventId: `${source}#${id}`,
    source,
    type,
    subject,
    order,
    data,
    content: canonical([type, subject, order.toString(), data]),
    refusedAs: isBroken ? 'CONTRACT_BROKEN' : undefined,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // undefined is the result for invalid JSON
  }
}
