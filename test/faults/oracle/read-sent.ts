import type { SentRecord } from '../../support/events.ts';
import { canonical, digestOf } from './canonical.ts';

/** What a delivery says, if its id is claimed. */
export interface SaidEvent {
  readonly eventId: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  /** Its place in its source's order. */
  readonly order: bigint;
  readonly data: Readonly<Record<string, unknown>>;
  /** Equal for what has the same fingerprint. */
  readonly content: string;
  /** It claims its id, and is a dead letter all the same. */
  readonly refusedAs: string | undefined;
}

/** What must become of a delivery: an event, or a dead letter that claims nothing. */
export type ReadSent =
  | { readonly kind: 'said'; readonly event: SaidEvent }
  | { readonly kind: 'refused'; readonly code: string; readonly digest: string };

type Envelope = Readonly<Record<string, unknown>>;

/** The example policy: who may send what, and how it is ordered. */
const SOURCES: Readonly<Record<string, { readonly order: string; readonly types: RegExp }>> = {
  'urn:example:hr': { order: 'revision', types: /^latchkey\.(workforce|person)\./ },
  'urn:example:contractors': { order: 'modified', types: /^latchkey\.(workforce|person)\./ },
  'urn:example:security': { order: 'modified', types: /^latchkey\.person\./ },
  'urn:example:ivr': { order: 'modified', types: /^latchkey\.verification\./ },
};

/** Members without which the data of a type breaks its contract. */
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

/** Reads a delivery by the contracts' rules, as far as the workloads break them. */
export function readSent(record: SentRecord): ReadSent {
  const envelope = openEnvelope(record);
  const said = typeof envelope === 'string' ? envelope : eventOf(envelope);
  if (typeof said !== 'string') return { kind: 'said', event: said };
  return { kind: 'refused', code: said, digest: digestOf(record.value ?? '') };
}

/** The attributes with `data`, or a failure code. */
function openEnvelope({ value, headers = {} }: SentRecord): Envelope | string {
  if (value === null || value.length === 0) return 'EMPTY_VALUE';
  const text = typeof value === 'string' ? value : value.toString('utf8');
  if (text.includes('\ufffd')) return 'NOT_UTF8';
  const json = parse(text);
  if (json === undefined) return 'NOT_JSON';
  if (headers['ce_id'] === undefined) return json as Envelope;
  const attributes = Object.entries(headers).map(([name, text]) => [name.replace('ce_', ''), text]);
  return { ...(Object.fromEntries(attributes) as Envelope), data: json };
}

/** What an envelope says, or why it claims nothing. */
function eventOf(envelope: Envelope): SaidEvent | string {
  if (envelope['specversion'] !== '1.0') return 'NOT_CLOUDEVENTS';
  const { id, source, type, subject, time, sourceversion, data } = envelope as Record<
    'id' | 'source' | 'type' | 'subject' | 'time' | 'sourceversion',
    string
  > & { readonly data: SaidEvent['data'] };
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

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // exactly what is asked here
  }
}
