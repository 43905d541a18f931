import type { RawDelivery } from '@latchkey/contracts';
import {
  type Becomes,
  binaryOf,
  CANARY,
  fillText,
  joinedText,
  openCollection,
  VALUE_MAX_BYTES,
  wrapValue,
} from './texts.ts';

const { all, add, nextName } = openCollection('b');
/** Values, keys and headers as bytes. */
export const BYTES = all;

add(
  'a NUL in an extension',
  'NOT_CLOUDEVENTS',
  wrapValue(joinedText('nul', { more: `${CANARY}\0` })),
);
add('data twice', 'NOT_CLOUDEVENTS', wrapValue(joinedText('twice', { data_base64: 'e30=' })));
add('data in base64', 'event', wrapValue(inBase64('base64', (text) => text)));
add(
  'base64 without its padding',
  'NOT_CLOUDEVENTS',
  wrapValue(inBase64('unpadded', (text) => `${text}A`)),
);
add(
  'base64 with a line feed',
  'NOT_CLOUDEVENTS',
  wrapValue(inBase64('folded', (text) => `${text}\n`)),
);
add('base64 of base64', 'NOT_JSON', wrapValue(inBase64('nested', (text) => encoded(text))));
add('base64 of UTF-16', 'NOT_UTF8', wrapValue(dataOf('wide', Buffer.from('\ufeff{}', 'utf16le'))));
add('base64 of 100,000 levels', 'TOO_DEEP', wrapValue(dataOf('deep', Buffer.alloc(100_000, '['))));
add('base64 of a prototype', 'CONTRACT_BROKEN', wrapValue(dataOf('evil', '{"__proto__":{"a":1}}')));
add('the maximum of base64', 'NOT_JSON', wrapValue(dataOf('full', Buffer.alloc(190_000, ' '))));
add('an empty value', 'EMPTY_VALUE', wrapValue(''));
add('a tombstone', 'EMPTY_VALUE', { key: Buffer.from('k'), value: null, headers: [] });
add('one byte more than the maximum', 'TOO_LARGE', wrapValue(sized(VALUE_MAX_BYTES + 1)));
add('the maximum size', 'event', wrapValue(sized(VALUE_MAX_BYTES)));
add('one byte less than the maximum', 'event', wrapValue(sized(VALUE_MAX_BYTES - 1)));
add('a byte order mark before the event', 'NOT_JSON', wrapValue(`\ufeff${joinedText('bom')}`));
add('UTF-16', 'NOT_UTF8', wrapValue(Buffer.from(`\ufeff${joinedText('utf16')}`, 'utf16le')));
add('an overlong slash', 'NOT_UTF8', wrapValue(Buffer.from([0x22, 0xc0, 0xaf, 0x22])));
add('a surrogate in UTF-8', 'NOT_UTF8', wrapValue(Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])));
add('NULs', 'NOT_JSON', wrapValue(Buffer.alloc(1_000)));
add('two events', 'NOT_JSON', wrapValue(`${joinedText('one')}\n${joinedText('two')}`));
add('a list of events', 'NOT_CLOUDEVENTS', wrapValue(`[${joinedText('listed')}]`));
add('null', 'NOT_CLOUDEVENTS', wrapValue('null'));
add('a text', 'NOT_CLOUDEVENTS', wrapValue(`"${CANARY}"`));
add(
  'a prototype for an envelope',
  'NOT_CLOUDEVENTS',
  wrapValue(`{"__proto__":${joinedText('proto')}}`),
);
add('100,000 levels', 'TOO_DEEP', wrapValue('['.repeat(100_000)));
add('a key of 16 KiB and a byte', 'TOO_LARGE', {
  ...wrapValue(joinedText('key')),
  key: Buffer.alloc(16_385),
});
add('a key that is not text', 'event', {
  ...wrapValue(joinedText('key2')),
  key: Buffer.from([0xff, 0]),
});

function sized(bytes: number): string {
  return fillText(joinedText(`sized-${bytes}`).slice(0, -1), ' ', '}', bytes);
}

/** Adds an event in binary mode with further headers. */
function headers(
  becomes: Becomes,
  rows: readonly (readonly [string, RawDelivery['headers']])[],
): void {
  for (const [why, more] of rows) {
    const delivery = binaryOf(joinedText(nextName()));
    add(why, becomes, { ...delivery, headers: [...delivery.headers, ...more] });
  }
}

const text = (value: string): Buffer => Buffer.from(value);
const many = (count: number, bytes: number): RawDelivery['headers'] =>
  Array.from({ length: count }, (_, at) => [`x-${at}`, Buffer.alloc(bytes, CANARY)] as const);

headers('NOT_CLOUDEVENTS', [
  ['an attribute twice', [['ce_id', text(CANARY)]]],
  ['an attribute twice in two spellings', [['CE_ID', text(CANARY)]]],
  ['a batch of events', [['content-type', text('application/cloudevents-batch+json')]]],
  ['Avro', [['content-type', text('application/avro')]]],
  ['another charset', [['content-type', text('application/json; charset=utf-7')]]],
]);
headers('NOT_UTF8', [
  ['an attribute in Latin-1', [['ce_more', Buffer.from([0xe9])]]],
  ['a content type that is not text', [['content-type', Buffer.from([0xff, 0xfe])]]],
]);
headers('TOO_LARGE', [
  ['101 headers and those of the event', many(101, 1)],
  ['17 KB of headers', many(17, 1_000)],
]);
headers('event', [
  ['a header without a name', [['', text(CANARY)]]],
  ['a prototype in the headers', [['__proto__', text(CANARY)]]],
  ['a prototype among the attributes', [['ce___proto__', text(CANARY)]]],
  ['a trace twice', many(2, 1).map(() => ['traceparent', text(CANARY)] as const)],
  ['a trace that is not text', [['traceparent', Buffer.from([0xff])]]],
]);

/** A joiner with data in base64, altered by `spelling`. */
function inBase64(name: string, spelling: (text: string) => string): string {
  const { data } = JSON.parse(joinedText(name)) as { readonly data: unknown };
  return joinedText(name, {
    data: undefined,
    data_base64: spelling(encoded(JSON.stringify(data))),
  });
}

/** A joiner with these bytes for its data. */
function dataOf(name: string, bytes: string | Buffer): string {
  return joinedText(name, { data: undefined, data_base64: encoded(bytes) });
}

function encoded(bytes: string | Buffer): string {
  return Buffer.from(bytes).toString('base64');
}
