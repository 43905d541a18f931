import { expect, test } from 'vitest';
import { type RawDelivery } from './delivery.ts';
import {
  bare,
  binary,
  joinedData,
  joinedEvent,
  joinedText,
  reject,
  structured,
  verificationEvent,
} from './example-deliveries.ts';

const forPeople = expect.stringMatching(/^(?!Invalid)\P{Control}{5,300}$/u) as string;

function withHeaders(...headers: RawDelivery['headers']): RawDelivery {
  return { ...structured(joinedEvent()), headers };
}

function withHeader(name: string, value: string | Buffer): RawDelivery {
  const delivery = binary(joinedEvent());
  return { ...delivery, headers: [...delivery.headers, [name, Buffer.from(value)]] };
}

function withContentType(contentType: string): RawDelivery {
  return withHeaders(['ce_id', Buffer.from('1')], ['content-type', Buffer.from(contentType)]);
}

const emptyHeader = ['h', Buffer.alloc(0)] as const;
const cutShort = { ...binary(joinedEvent()), value: Buffer.from('{') };

test.each([
  ['a tombstone', bare(null), 'EMPTY_VALUE', 'value'],
  ['an empty value', bare(''), 'EMPTY_VALUE', 'value'],
  ['a body of 1 MB', bare(Buffer.alloc(1_048_576, 0x20)), 'TOO_LARGE', 'value'],
  ['a long key', { ...bare('{}'), key: Buffer.alloc(16_385) }, 'TOO_LARGE', 'key'],
  [
    '5,000 headers',
    withHeaders(...Array.from({ length: 5000 }, () => emptyHeader)),
    'TOO_LARGE',
    'headers',
  ],
  ['one long header', withHeaders(['h', Buffer.alloc(16_384)]), 'TOO_LARGE', 'headers'],
  ['invalid UTF-8', bare(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d])), 'NOT_UTF8', 'value'],
  ['invalid UTF-8 in a header', withHeader('ce_x', Buffer.from([0xc3])), 'NOT_UTF8', 'ce_x'],
  ['too deep a body', bare(`{"data":${'['.repeat(50_000)}`), 'TOO_DEEP', 'value'],
  ['no JSON', bare('joined: E1'), 'NOT_JSON', 'value'],
  ['no JSON in binary mode', cutShort, 'NOT_JSON', 'value'],
  ['a member twice', joinedText('"attributes":{},"engagement":"E1-2"'), 'NOT_JSON', 'value'],
  ['a JSON array', bare('[]'), 'NOT_CLOUDEVENTS', 'value'],
  ['JSON null', bare('null'), 'NOT_CLOUDEVENTS', 'value'],
  ['no CloudEvent', bare('{"hello":"world"}'), 'NOT_CLOUDEVENTS', 'specversion'],
  ['an empty member name', bare('{"":1e999}'), 'NOT_CLOUDEVENTS', 'value'],
  ['a prototype in it', bare('{"__proto__":{"id":"1"}}'), 'NOT_CLOUDEVENTS', '__proto__'],
  ['a header twice', withHeader('ce_id', 'evt-1'), 'NOT_CLOUDEVENTS', 'ce_id'],
  ['a header in two spellings', withHeader('CE_ID', 'evt-1'), 'NOT_CLOUDEVENTS', 'ce_id'],
  ['two content types', withHeader('content-type', 'a/b'), 'NOT_CLOUDEVENTS', 'content-type'],
  ['a NUL in a header', binary(joinedEvent({ id: 'a\0b' })), 'NOT_CLOUDEVENTS', 'id'],
  ['Avro', withContentType('application/avro'), 'NOT_CLOUDEVENTS', 'content-type'],
  [
    'CloudEvents in Avro',
    withContentType('application/cloudevents+avro'),
    'NOT_CLOUDEVENTS',
    'content-type',
  ],
  [
    'a batch of CloudEvents',
    withContentType('application/cloudevents-batch+json'),
    'NOT_CLOUDEVENTS',
    'content-type',
  ],
  ['a source on the wrong topic', structured(verificationEvent()), 'SOURCE_NOT_ALLOWED', 'source'],
] as const)('%s is refused and claims nothing', (_what, delivery, code, field) => {
  const { rejection, claim } = reject(delivery);

  expect(rejection).toEqual({ code, field, cause: forPeople });
  expect(claim).toBeUndefined();
});

test.each([
  ['another specversion', 'specversion', '0.3'],
  ['specversion as a number', 'specversion', 1],
  ['no id', 'id', undefined],
  ['an empty id', 'id', ''],
  ['an id of 257 characters', 'id', 'x'.repeat(257)],
  ['a line feed in the id', 'id', 'a\nb'],
  ['a C1 control in the id', 'id', 'a\u0085b'],
  ['a NUL in the id', 'id', 'a\0b'],
  ['half a surrogate pair in the id', 'id', 'a\ud800'],
  ['an id as a number', 'id', 7],
  ['a number beyond 2^53 as an id', 'id', 2 ** 60],
  ['a control character in the subject', 'subject', 'E\u001f1'],
  ['no subject', 'subject', undefined],
  ['a subject that is null', 'subject', null],
  ['a source with a fragment', 'source', 'urn:example:hr#1'],
  ['a source that is no URI reference', 'source', 'the HR system'],
  ['a source of 257 characters', 'source', 'x'.repeat(257)],
  ['a line feed in the type', 'type', 'a\nb'],
  ['no time', 'time', undefined],
  ['a time without offset', 'time', '2026-01-01T00:00:00'],
  ['a time that does not exist', 'time', '2026-02-30T00:00:00Z'],
  ['a time in the year 10000', 'time', '10000-01-01T00:00:00Z'],
  ['a time as a number', 'time', 1_764_576_000],
  ['a sourceversion that is no number', 'sourceversion', 'v12'],
  ['no sourceversion', 'sourceversion', undefined],
  ['a sourceversion that is null', 'sourceversion', null],
  ['a sourceversion of 2^63', 'sourceversion', '9223372036854775808'],
  ['a sourceversion of a thousand digits', 'sourceversion', '9'.repeat(1000)],
  ['a sourceversion with leading zeros', 'sourceversion', '007'],
  ['a negative sourceversion', 'sourceversion', '-1'],
  ['an empty sourceversion', 'sourceversion', ''],
  ['a negative JSON integer as sourceversion', 'sourceversion', -1],
  ['a fraction as sourceversion', 'sourceversion', 1.5],
  ['a JSON integer of 2^53 as sourceversion', 'sourceversion', 2 ** 53],
  ['a boolean as sourceversion', 'sourceversion', true],
  ['a NUL in an extension', 'extension', '\0'],
  ['data twice', 'data_base64', 'e30='],
  ['data in XML', 'datacontenttype', 'application/xml'],
])('an envelope with %s is refused and claims nothing', (_what, field, value) => {
  const { rejection, claim } = reject(structured(joinedEvent({ [field]: value })));

  expect(rejection).toEqual({ code: 'NOT_CLOUDEVENTS', field, cause: forPeople });
  expect(claim).toBeUndefined();
});

test.each([
  ['an unknown type', 'TYPE_UNKNOWN', 'type', 'latchkey.workforce.promoted.v1'],
  ['a type with an inherited name', 'TYPE_UNKNOWN', 'type', 'toString'],
  ['an unknown source', 'SOURCE_NOT_ALLOWED', 'source', 'urn:example:unknown'],
])('%s is refused and claims nothing', (_what, code, field, value) => {
  const { rejection, claim } = reject(structured(joinedEvent({ [field]: value })));

  expect(rejection).toEqual({ code, field, cause: forPeople });
  expect(claim).toBeUndefined();
});

test('a rejection contains the attributes of the delivery that are valid', () => {
  expect(reject(structured(joinedEvent({ time: 'now' })))).toMatchObject({
    eventId: 'urn:example:hr#evt-1',
    source: 'urn:example:hr',
    type: 'latchkey.workforce.joined.v1',
  });
  expect(reject(structured(joinedEvent({ id: 'a\nb', type: 7 })))).toMatchObject({
    eventId: undefined,
    source: 'urn:example:hr',
    type: undefined,
  });
  expect(reject(cutShort)).toMatchObject({ eventId: 'urn:example:hr#evt-1' });
});

test.each([
  ['no text', 'NOT_CLOUDEVENTS', 7],
  ['without its padding', 'NOT_CLOUDEVENTS', 'e30'],
  ['with a blank', 'NOT_CLOUDEVENTS', 'e3 0='],
  ['with a line feed', 'NOT_CLOUDEVENTS', 'e30=\n'],
  ['of the URL alphabet', 'NOT_CLOUDEVENTS', Buffer.from('"ÿ?"').toString('base64url')],
  ['with bits that decode to nothing', 'NOT_CLOUDEVENTS', 'e31='],
  ['of nothing', 'NOT_JSON', ''],
  ['of a text that is no JSON', 'NOT_JSON', base64('hello')],
  ['of a member named twice', 'NOT_JSON', base64('{"a":1,"a":2}')],
  ['of bytes that are no UTF-8', 'NOT_UTF8', Buffer.from([0x22, 0xff, 0x22]).toString('base64')],
  ['of 33 levels', 'TOO_DEEP', base64('['.repeat(33) + ']'.repeat(33))],
])('data in base64 %s is refused and claims nothing', (_what, code, text) => {
  const event = joinedEvent({ data: undefined, data_base64: text });
  const { rejection, claim, eventId } = reject(structured(event));

  expect(rejection).toEqual({ code, field: 'data_base64', cause: forPeople });
  expect({ claim, eventId }).toEqual({ claim: undefined, eventId: 'urn:example:hr#evt-1' });
});

test('what is wrong inside of data in base64 is found as in other data', () => {
  const data = { ...joinedData, attributes: { ['__proto__x']: 1 }, startsAt: 'tomorrow' };
  const text = base64(JSON.stringify(data));
  const { rejection, claim } = reject(
    structured(joinedEvent({ data: undefined, data_base64: text })),
  );

  expect(rejection).toMatchObject({ code: 'CONTRACT_BROKEN', field: 'data.startsAt' });
  expect(claim?.eventId).toBe('urn:example:hr#evt-1');
});

test('a number that would be rounded is found in data in base64', () => {
  const text = base64(
    '{"engagement":"E1-1","startsAt":"2026-12-01T00:00:00Z","more":9007199254740993}',
  );
  const event = joinedEvent({ data: undefined, data_base64: text });

  expect(reject(structured(event)).rejection).toMatchObject({
    code: 'CONTRACT_BROKEN',
    field: 'data.more',
  });
});

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
