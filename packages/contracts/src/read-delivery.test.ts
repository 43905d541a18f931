import { expect, test } from 'vitest';
import { type RawDelivery } from './delivery.ts';
import { isOfFamily } from './events/family.ts';
import {
  type Attributes,
  bare,
  binary,
  exampleSources,
  joinedData,
  joinedEvent,
  joinedWith,
  structured,
  verificationEvent,
} from './example-deliveries.ts';
import { readDelivery } from './read-delivery.ts';
import { type InputTopic } from './topics.ts';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

function read(delivery: RawDelivery, topic: InputTopic = 'workforce-events') {
  return readDelivery(delivery, topic, exampleSources);
}

function accept(delivery: RawDelivery, topic: InputTopic = 'workforce-events') {
  const result = read(delivery, topic);
  if (result.kind === 'rejected') throw new Error(JSON.stringify(result.rejection));
  return result.event;
}

function blockedEvent(source: string, data: Attributes): Attributes {
  const type = 'latchkey.person.blocked.v1';
  return joinedEvent({ source, type, data: { reason: 'lost laptop', ...data } });
}

test.each([
  ['structured mode', structured(joinedEvent())],
  ['binary mode', binary(joinedEvent())],
  ['neither mode', bare(JSON.stringify(joinedEvent()))],
])('an event is read in %s', (_mode, delivery) => {
  const event = accept(delivery);

  expect(event).toEqual({
    eventId: 'urn:example:hr#evt-1',
    fingerprint: event.fingerprint,
    source: 'urn:example:hr',
    type: 'latchkey.workforce.joined.v1',
    subject: 'E1',
    time: '2026-11-20T08:00:00Z',
    timeMs: Date.parse('2026-11-20T08:00:00Z'),
    order: 1n,
    traceparent: undefined,
    tracestate: undefined,
    data: joinedData,
  });
  expect(event.fingerprint).toHaveLength(32);
  expect(isOfFamily(event, 'record')).toBe(true);
  expect(isOfFamily(event, 'verification')).toBe(false);
});

test('a structured event may carry the headers of binary mode too', () => {
  const delivery = structured(joinedEvent());
  const headers = [...delivery.headers, ['ce_id', Buffer.from('another')] as const];

  expect(accept({ ...delivery, headers }).eventId).toBe('urn:example:hr#evt-1');
});

test('names of headers are compared without regard to case, and headers of others are ignored', () => {
  const { headers, ...delivery } = binary(joinedEvent());
  const renamed = headers.map(([name, value]) => [name.toUpperCase(), value] as const);
  const strange = ['x-trace', Buffer.from([0xff])] as const;

  expect(accept({ ...delivery, headers: [...renamed, strange, strange] }).subject).toBe('E1');
});

test('header values are UTF-8 as they are, without percent-decoding', () => {
  expect(accept(binary(joinedEvent({ subject: 'Zoë %41' }))).subject).toBe('Zoë %41');
});

test('ids may have 256 characters, also where a character is more than one code unit', () => {
  const id = '😀'.repeat(256);

  expect(accept(structured(joinedEvent({ id }))).eventId).toBe(`urn:example:hr#${id}`);
});

test('members of the data that the contract does not name are kept', () => {
  const data = { ...joinedData, costCentre: { code: 'X', shares: [1, 2] } };

  expect(accept(structured(joinedEvent({ data }))).data).toEqual(data);
});

test('attributes that we do not know are allowed, and null means absent', () => {
  const event = joinedEvent({ partitionkey: 'E1', dataschema: null, datacontenttype: null });

  expect(accept(structured(event)).subject).toBe('E1');
});

test.each([
  ['structured', structured],
  ['binary', binary],
])('the trace of an event is carried on in %s mode', (_mode, deliver) => {
  const event = accept(deliver(joinedEvent({ traceparent, tracestate: 'a=1' })));

  expect(event).toMatchObject({ traceparent, tracestate: 'a=1' });
});

test('a trace may come as a separate Kafka header', () => {
  const delivery = structured(joinedEvent());
  const headers = [...delivery.headers, ['traceparent', Buffer.from(traceparent)] as const];

  expect(accept({ ...delivery, headers }).traceparent).toBe(traceparent);
});

test.each(['x', `${traceparent}x`, '00-00000000000000000000000000000000-b7ad6b7169203331-01', 7])(
  'a broken trace (%j) is dropped, not the event',
  (broken) => {
    const event = accept(structured(joinedEvent({ traceparent: broken, tracestate: 'a=1' })));

    expect(event).toMatchObject({ traceparent: undefined, tracestate: undefined });
  },
);

test.each(['0', '1', '9223372036854775807'])('the revision %s orders the event', (revision) => {
  expect(accept(structured(joinedEvent({ sourceversion: revision }))).order).toBe(BigInt(revision));
});

test('data in base64 is the same event as its JSON, and so is a revision as a JSON integer', () => {
  const plain = accept(structured(joinedEvent({ sourceversion: '42' })));
  const text = Buffer.from(JSON.stringify(joinedData, undefined, 2)).toString('base64');

  for (const data of [undefined, null]) {
    const encoded = joinedEvent({ data, data_base64: text, sourceversion: 42 });
    expect(accept(structured(encoded))).toEqual(plain);
  }
  expect(accept(structured(joinedEvent({ data_base64: null, sourceversion: 42 })))).toEqual(plain);
  expect(accept(binary(joinedEvent({ sourceversion: 42 })))).toEqual(plain);
});

test.each([0, 2 ** 53 - 1])('the JSON integer %s is a revision', (revision) => {
  const event = accept(structured(joinedEvent({ sourceversion: revision })));
  expect(event.order).toBe(BigInt(revision));
});

test.each([
  ['application/json; charset=utf-8'],
  ['application/json; charset="UTF-8"; profile=a'],
  ['text/json'],
  ['application/vnd.example.person+json;v=2'],
])('data of the type %s is JSON', (datacontenttype) => {
  const attributes = { datacontenttype, dataschema: 'https://example.com/s.json', sequence: 7 };
  expect(accept(structured(joinedEvent({ ...attributes, sampled: true }))).data).toEqual(
    joinedData,
  );
});

test('a source ordered by modification is ordered by its time, to the nanosecond', () => {
  const event = joinedEvent({
    source: 'urn:example:contractors',
    sourceversion: undefined,
    time: '2026-11-20T09:00:00.000000001+01:00',
  });

  expect(accept(structured(event)).order).toBe(1_795_161_600_000_000_001n);
});

test.each([
  ['a type that it may not send', { type: 'latchkey.person.blocked.v1' }, 'type'],
  [
    'a type of another topic',
    { type: 'latchkey.verification.requested.v1', data: { verification: 'E1' } },
    'type',
  ],
])('a source that sends %s is refused', (_what, changes, field) => {
  const result = read(structured(joinedEvent({ source: 'urn:example:both', ...changes })));

  expect(result).toMatchObject({
    rejection: { code: 'SOURCE_NOT_ALLOWED', field },
    claim: undefined,
  });
});

test('a prefix covers whole words only', () => {
  const sources = new Map(exampleSources);
  sources.set('urn:example:hr', {
    source: 'urn:example:hr',
    order: 'revision',
    topics: ['workforce-events'],
    types: ['latchkey.work.*', 'latchkey.workforce.joined'],
    aboutAnybody: false,
  });

  expect(readDelivery(structured(joinedEvent()), 'workforce-events', sources)).toMatchObject({
    rejection: { code: 'SOURCE_NOT_ALLOWED', field: 'type' },
  });
});

test.each([
  ['urn:example:hr', {}],
  ['urn:example:hr', { person: { source: 'urn:example:hr', externalId: 'E1' } }],
  ['urn:example:security', { person: { source: 'urn:example:hr', externalId: 'E7' } }],
])('%s may block with %j', (source, data) => {
  expect(accept(structured(blockedEvent(source, data))).data).toMatchObject(data);
});

test.each([
  ['urn:example:hr', { person: { source: 'urn:example:hr', externalId: 'E2' } }, 'data.person'],
  [
    'urn:example:hr',
    { person: { source: 'urn:example:contractors', externalId: 'E1' } },
    'data.person',
  ],
  [
    'urn:example:hr',
    { person: { source: 'urn:example:hr', externalId: 'E2' }, reason: 7 },
    'data.person',
  ],
  [
    'urn:example:security',
    { person: { source: 'urn:example:hrr', externalId: 'E1' } },
    'data.person.source',
  ],
])('%s may not block with %j', (source, data, field) => {
  const result = read(structured(blockedEvent(source, data)));

  expect(result).toMatchObject({
    rejection: { code: 'SOURCE_NOT_ALLOWED', field },
    claim: undefined,
  });
});

test('a person that breaks the contract is left to the contract', () => {
  const result = read(structured(blockedEvent('urn:example:hr', { person: { source: 'x' } })));

  expect(result).toMatchObject({
    rejection: { code: 'CONTRACT_BROKEN', field: 'data.person.externalId' },
    claim: { eventId: 'urn:example:hr#evt-1' },
  });
});

test('a verification is its own subject', () => {
  const result = read(structured(verificationEvent({ subject: 'V2' })), 'verification-events');

  expect(result).toMatchObject({
    rejection: { code: 'CONTRACT_BROKEN', field: 'subject' },
    claim: { eventId: 'urn:example:ivr#call-1' },
  });
});

test('a verification event is distinguished from a fact of the record', () => {
  const event = accept(structured(verificationEvent()), 'verification-events');

  expect(isOfFamily(event, 'verification')).toBe(true);
  expect(isOfFamily(event, 'record')).toBe(false);
});

test('what breaks its contract claims its id with the fingerprint of its content', () => {
  const broken = (engagement: unknown) => {
    const result = read(structured(joinedWith({ engagement })));
    return result.kind === 'rejected' ? result.claim?.fingerprint.toString('hex') : undefined;
  };

  expect(broken(7)).toBe(broken(7));
  expect(broken(7)).not.toBe(broken(8));
  expect(broken('\ud800')).not.toBe(broken('\ud801'));
});

test('contents that are equal once parsed but differ as text have different fingerprints', () => {
  const claimOf = (digits: string) => {
    const text = JSON.stringify(joinedWith({ attributes: { n: 0 } })).replace(
      '"n":0',
      `"n":${digits}`,
    );
    const result = read(bare(text));
    const fingerprint =
      result.kind === 'event' ? result.event.fingerprint : result.claim?.fingerprint;
    return fingerprint?.toString('hex');
  };
  const claims = ['0.1', '0.10000000000000000001', '9007199254740992', '9007199254740993', '"0.1"'];

  expect(new Set(claims.map(claimOf)).size).toBe(claims.length);
});
