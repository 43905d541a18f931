import { type DeadLetterCode } from './failure.ts';
import { decodeUtf8, type JsonRefusal, type OpenedJson, openJson } from './json/text.ts';
import { type MediaType, mediaTypeOf } from './media-type.ts';
import { fieldOf, type Rejection } from './rejection.ts';

/** One arrival of an event, as the broker hands it over. */
export interface RawDelivery {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** In their order; a name may occur more than once. */
  readonly headers: readonly (readonly [string, Buffer])[];
}

/** Attributes of an envelope by name, none of them checked. */
export type RawAttributes = Readonly<Record<string, unknown>>;

export interface OpenedDelivery {
  readonly kind: 'opened';
  readonly attributes: RawAttributes;
  readonly data: unknown;
  /** Whether `findFault` could find something in the attributes or the data. */
  readonly suspect: boolean;
  /** The headers that were read, by name. */
  readonly headers: ReadonlyMap<string, string>;
}

export interface RefusedDelivery {
  readonly kind: 'refused';
  readonly rejection: Rejection;
  /** As far as they could be read. */
  readonly attributes: RawAttributes;
}

export const VALUE_MAX_BYTES = 256 * 1024;
export const KEY_MAX_BYTES = 16 * 1024;
export const HEADERS_MAX_BYTES = 16 * 1024;
export const HEADERS_MAX_COUNT = 100;

const CONTENT_TYPE = 'content-type';
const TRACE_HEADERS = ['traceparent', 'tracestate'];
const PREFIX = 'ce_';
const NOTHING: RawAttributes = {};

/**
 * Parses a delivery in either mode of the CloudEvents Kafka binding: *structured* if the content type
 * is CloudEvents, *binary* if there are `ce_*` headers, else structured again. The body alone decides nothing.
 */
export function openDelivery(delivery: RawDelivery): OpenedDelivery | RefusedDelivery {
  const { value } = delivery;
  if (value === null || value.length === 0) return refused('EMPTY_VALUE', 'value', 'an event');
  const tooLarge = refuseTooLarge(delivery, value);
  if (tooLarge !== undefined) return tooLarge;
  const headers = new Map<string, string>();
  const refusedHeader = collectHeaders(delivery.headers, headers);
  if (refusedHeader !== undefined) return refusedHeader;

  const contentType = headers.get(CONTENT_TYPE);
  const mediaType = contentType === undefined ? undefined : mediaTypeOf(contentType);
  if (mediaType === 'cloudevents-json') return openStructured(value, headers);
  if (mediaType === 'cloudevents-other') {
    const expected = 'application/cloudevents+json in UTF-8, one event a message';
    return refused('NOT_CLOUDEVENTS', CONTENT_TYPE, expected);
  }
  const isBinary = headers.keys().some((name) => name.startsWith(PREFIX));
  return isBinary ? openBinary(value, mediaType, headers) : openStructured(value, headers);
}

function refuseTooLarge(delivery: RawDelivery, value: Buffer): RefusedDelivery | undefined {
  const { key, headers } = delivery;
  if (value.length > VALUE_MAX_BYTES) return tooLarge('value', `${VALUE_MAX_BYTES} bytes`);
  if (key !== null && key.length > KEY_MAX_BYTES) return tooLarge('key', `${KEY_MAX_BYTES} bytes`);
  if (headers.length > HEADERS_MAX_COUNT) {
    return tooLarge('headers', `${HEADERS_MAX_COUNT} headers`);
  }
  const headerBytes = headers.reduce((sum, [name, text]) => sum + name.length + text.length, 0);
  if (headerBytes > HEADERS_MAX_BYTES) return tooLarge('headers', `${HEADERS_MAX_BYTES} bytes`);
  return undefined;
}

function tooLarge(field: string, most: string): RefusedDelivery {
  return refused('TOO_LARGE', field, `at most ${most}`);
}

/** Values are UTF-8 and nothing else: the Kafka binding knows no percent-encoding (section 3.2.3). */
function collectHeaders(
  raw: RawDelivery['headers'],
  headers: Map<string, string>,
): RefusedDelivery | undefined {
  for (const [rawName, bytes] of raw) {
    const name = rawName.toLowerCase();
    const isTrace = TRACE_HEADERS.includes(name);
    if (!isTrace && name !== CONTENT_TYPE && !name.startsWith(PREFIX)) continue;
    const text = decodeUtf8(bytes);
    // An event is not refused for a broken trace.
    if (isTrace && (text === undefined || headers.has(name))) continue;
    if (text === undefined) return refused('NOT_UTF8', fieldOf([name]), 'UTF-8 (RFC 3629)');
    if (headers.has(name)) return refused('NOT_CLOUDEVENTS', fieldOf([name]), 'the header once');
    headers.set(name, text);
  }
  return undefined;
}

function openStructured(
  value: Buffer,
  headers: ReadonlyMap<string, string>,
): OpenedDelivery | RefusedDelivery {
  const json = openJson(value);
  if (json.kind === 'refused') return refused(json.code, 'value', json.expected);
  const attributes = json.value;
  if (!isObject(attributes)) {
    return refused('NOT_CLOUDEVENTS', 'value', 'a JSON object with the attributes of CloudEvents');
  }
  const { data, data_base64: encoded } = attributes;
  const { suspect } = json;
  if (encoded === undefined || encoded === null) {
    return { kind: 'opened', attributes, data, suspect, headers };
  }
  if (data !== undefined && data !== null) {
    return refused('NOT_CLOUDEVENTS', 'data_base64', 'data or data_base64, not both', attributes);
  }
  const opened = openBase64(encoded);
  if (opened.kind === 'refused') {
    return refused(opened.code, 'data_base64', opened.expected, attributes);
  }
  const isSuspect = suspect || opened.suspect;
  return { kind: 'opened', attributes, data: opened.value, suspect: isSuspect, headers };
}

/**
 * JSON in base64, as some SDKs send data that they were given as bytes. Smaller than the value that
 * contains it, so it needs no separate limit. One text for the same bytes: what decoders ignore
 * (blanks, a missing padding, bits after the last byte) is refused.
 */
function openBase64(encoded: unknown): OpenedJson | DataRefusal {
  const expected = 'base64 with its padding and without blanks (RFC 4648, section 4)';
  if (typeof encoded !== 'string') return { kind: 'refused', code: 'NOT_CLOUDEVENTS', expected };
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.toString('base64') !== encoded) {
    return { kind: 'refused', code: 'NOT_CLOUDEVENTS', expected };
  }
  return openJson(bytes);
}

type DataRefusal =
  | JsonRefusal
  | { readonly kind: 'refused'; readonly code: 'NOT_CLOUDEVENTS'; readonly expected: string };

function openBinary(
  value: Buffer,
  mediaType: MediaType | undefined,
  headers: ReadonlyMap<string, string>,
): OpenedDelivery | RefusedDelivery {
  const attributes: RawAttributes = Object.fromEntries(
    headers
      .entries()
      .filter(([name]) => name.startsWith(PREFIX))
      .map(([name, text]) => [name.slice(PREFIX.length), text]),
  );
  if (mediaType !== undefined && mediaType !== 'json') {
    return refused('NOT_CLOUDEVENTS', CONTENT_TYPE, 'application/json in UTF-8', attributes);
  }
  const json = openJson(value);
  if (json.kind === 'refused') return refused(json.code, 'value', json.expected, attributes);
  return { kind: 'opened', attributes, data: json.value, suspect: json.suspect, headers };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refused(
  code: DeadLetterCode,
  field: string,
  cause: string,
  attributes: RawAttributes = NOTHING,
): RefusedDelivery {
  return { kind: 'refused', rejection: { code, field, cause }, attributes };
}
