import { z } from 'zod';
import { type OpenedDelivery, type RawAttributes } from './delivery.ts';
import { ID, id, instant } from './events/fields.ts';
import { findFault } from './json/fault.ts';
import { isJsonMediaType } from './media-type.ts';
import { resolveMoment } from './moment.ts';
import { fieldOf, type Rejection } from './rejection.ts';

/** Characters of a URI reference (RFC 3986) without a fragment: `#` separates source and id. */
const SOURCE = /^[A-Za-z0-9\-._~:/?[\]@!$&'()*+,;=%]{1,256}$/;
const SOURCE_EXPECTED = 'a URI reference of 1 to 256 characters without "#"';

const REVISION = /^(?:0|[1-9][0-9]{0,18})$/;
const REVISION_LIMIT = 2n ** 63n;
export const REVISION_EXPECTED =
  'a decimal text from 0 to 2^63 − 1 without leading zeros, or a JSON integer from 0 to 2^53 − 1';

const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
const TRACESTATE = /^[ -~]{1,512}$/;

const JSON_EXPECTED = 'application/json in UTF-8';

/** Attributes that are `null` count as absent, as in the JSON format of CloudEvents. */
export const envelope = z.object({
  specversion: z.literal('1.0', 'the text "1.0"'),
  id,
  source: z.string(SOURCE_EXPECTED).regex(SOURCE, SOURCE_EXPECTED),
  type: id,
  subject: id,
  time: instant,
  sourceversion: z
    .union(
      [
        z.string().refine(isRevision, REVISION_EXPECTED).meta({ pattern: REVISION.source }),
        z.int(REVISION_EXPECTED).min(0, REVISION_EXPECTED).max(Number.MAX_SAFE_INTEGER),
      ],
      REVISION_EXPECTED,
    )
    .nullish(),
  datacontenttype: z.string(JSON_EXPECTED).refine(isJsonMediaType, JSON_EXPECTED).nullish(),
});

/** The attributes that we use, checked. */
export interface Envelope {
  /** The qualified event id, `<source>#<id>`. */
  readonly eventId: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly timeMs: number;
  readonly sourceversion: string | undefined;
  readonly traceparent: string | undefined;
  readonly tracestate: string | undefined;
}

/** Attributes of a refused delivery, as far as they are valid. */
export interface KnownAttributes {
  readonly eventId: string | undefined;
  readonly source: string | undefined;
  readonly type: string | undefined;
}

/** The envelope of a delivery, or what is wrong with it. Unknown attributes are not checked. */
export function readEnvelope(opened: OpenedDelivery): Envelope | Rejection {
  const fault = opened.suspect ? findEnvelopeFault(opened.attributes) : undefined;
  if (fault !== undefined) return fault;
  const parsed = envelope.safeParse(opened.attributes);
  if (!parsed.success) return brokenEnvelope(parsed.error);
  const { source, type, subject, time, sourceversion } = parsed.data;
  return {
    eventId: `${source}#${parsed.data.id}`,
    source,
    type,
    subject,
    time,
    timeMs: resolveMoment(time),
    // A JSON integer is its decimal text: SDKs send either for the same event.
    sourceversion: sourceversion?.toString(),
    ...readTrace(opened),
  };
}

/** Never throws, for any attributes. */
export function knownAttributes(attributes: RawAttributes): KnownAttributes {
  const source = knownText(attributes.source, SOURCE);
  const eventKey = knownText(attributes.id, ID);
  return {
    eventId: source === undefined || eventKey === undefined ? undefined : `${source}#${eventKey}`,
    source,
    type: knownText(attributes.type, ID),
  };
}

function isRevision(text: string): boolean {
  return REVISION.test(text) && BigInt(text) < REVISION_LIMIT;
}

function findEnvelopeFault(attributes: RawAttributes): Rejection | undefined {
  const others = Object.entries(attributes).filter(([name]) => name !== 'data');
  const fault = findFault(Object.fromEntries(others), []);
  if (fault === undefined) return undefined;
  return { code: 'NOT_CLOUDEVENTS', field: fieldOf(fault.path), cause: fault.expected };
}

function brokenEnvelope(error: z.ZodError): Rejection {
  const [issue] = error.issues;
  return {
    code: 'NOT_CLOUDEVENTS',
    field: fieldOf(issue?.path ?? []),
    cause: issue?.message ?? 'the attributes of CloudEvents',
  };
}

/** W3C Trace Context. An invalid trace is left out: an event is not refused for it. */
function readTrace({
  attributes,
  headers,
}: OpenedDelivery): Pick<Envelope, 'traceparent' | 'tracestate'> {
  const traceparent = knownText(attributes.traceparent ?? headers.get('traceparent'), TRACEPARENT);
  if (traceparent === undefined) return { traceparent, tracestate: undefined };
  const tracestate = knownText(attributes.tracestate ?? headers.get('tracestate'), TRACESTATE);
  return { traceparent, tracestate };
}

function knownText(value: unknown, pattern: RegExp): string | undefined {
  return typeof value === 'string' && pattern.test(value) && value.isWellFormed()
    ? value
    : undefined;
}
