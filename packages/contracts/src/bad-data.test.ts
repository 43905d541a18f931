import { expect, test } from 'vitest';
import {
  binary,
  exampleSources,
  joinedEvent,
  joinedText,
  joinedWith,
  reject,
  structured,
} from './example-deliveries.ts';
import { readDelivery } from './read-delivery.ts';

const forPeople = expect.stringMatching(/^(?!Invalid)\P{Control}{5,300}$/u) as string;
const tooMany = Object.fromEntries(Array.from({ length: 201 }, (_, at) => [`a${at}`, at]));

const rows = [
  ['no data', structured(joinedEvent({ data: undefined })), 'data'],
  ['data that is no object', structured(joinedEvent({ data: 'joined' })), 'data'],
  ['data that is a list', structured(joinedEvent({ data: [] })), 'data'],
  ['a NUL in an unknown member', structured(joinedWith({ more: ['\0'] })), 'data.more.0'],
  ['an escaped prototype', joinedText('"\\u005f_proto__":true'), 'data.__proto__'],
  ['a constructor', joinedText('"attributes":{},"constructor":"x"'), 'data.constructor'],
  [
    'a number beyond 2^53 where none is known',
    joinedText('"more":[9007199254740993]'),
    'data.more.0',
  ],
] as const;

const members = [
  ['a missing field', { engagement: undefined }, 'engagement'],
  ['a field of the wrong kind', { engagement: 7 }, 'engagement'],
  ['a control character in a key', { engagement: 'E\u007f' }, 'engagement'],
  ['a key of 257 characters', { engagement: 'x'.repeat(257) }, 'engagement'],
  ['a date that does not exist', { startsAt: { date: '2026-02-30', zone: 'UTC' } }, 'startsAt'],
  ['a zone that does not exist', { startsAt: { date: '2026-02-28', zone: 'Mars/X' } }, 'startsAt'],
  ['an instant that does not exist', { endsAt: '2026-06-31T00:00:00Z' }, 'endsAt'],
  ['null where nothing is meant', { endsAt: null }, 'endsAt'],
  ['attributes as a list', { attributes: [] }, 'attributes'],
  ['201 attributes', { attributes: tooMany }, 'attributes'],
  ['a nested attribute', { attributes: { ok: 1, address: {} } }, 'attributes.address'],
  ['a list as an attribute', { attributes: { phones: ['1'] } }, 'attributes.phones'],
  ['an attribute of 1,025 characters', { attributes: { bio: 'x'.repeat(1025) } }, 'attributes.bio'],
  ['an attribute with a bad name', { attributes: { 'a\nb': 1 } }, 'attributes.a?b'],
  ['an attribute without a name', { attributes: { '': 1 } }, 'attributes.'],
  ['a NUL in an attribute', { attributes: { department: 'a\0' } }, 'attributes.department'],
  ['half a surrogate pair', { attributes: { department: '\udead' } }, 'attributes.department'],
] as const;

const attributes = [
  ['a number beyond 2^53', '"salary":9007199254740993', 'salary'],
  ['a number that would be infinite', '"salary":1e999', 'salary'],
  ['a number with too many digits', '"fte":0.12345678901234567890', 'fte'],
  ['a prototype among the attributes', '"__proto__":{"admin":true}', '__proto__'],
  ['a prototype with a plain value', '"__proto__":"x"', '__proto__'],
  ['a constructor among the attributes', '"constructor":"x"', 'constructor'],
] as const;

const all = [
  ...rows,
  ...members.map(
    ([what, member, field]) => [what, structured(joinedWith(member)), `data.${field}`] as const,
  ),
  ...members.map(
    ([what, member, field]) =>
      [`${what} in binary mode`, binary(joinedWith(member)), `data.${field}`] as const,
  ),
  ...attributes.map(
    ([what, text, field]) =>
      [what, joinedText(`"attributes":{${text}}`), `data.attributes.${field}`] as const,
  ),
];

test.each(all)('%s breaks the contract and claims the id', (_what, delivery, field) => {
  const { rejection, claim, ...known } = reject(delivery);

  expect(rejection).toEqual({ code: 'CONTRACT_BROKEN', field, cause: forPeople });
  expect(claim).toMatchObject({
    eventId: 'urn:example:hr#evt-1',
    timeMs: Date.parse('2026-11-20T08:00:00Z'),
  });
  expect(claim?.fingerprint).toHaveLength(32);
  expect(known).toMatchObject({
    eventId: 'urn:example:hr#evt-1',
    source: 'urn:example:hr',
    type: 'latchkey.workforce.joined.v1',
  });
});

test('no object inherits anything from what was refused', () => {
  reject(joinedText('"attributes":{"__proto__":{"admin":true}}'));

  expect(({} as Record<string, unknown>).admin).toBeUndefined();
});

test('a time far ahead is read: only the clock of the database decides whether it is ahead', () => {
  const delivery = structured(joinedEvent({ time: '2100-01-01T00:00:00Z' }));

  expect(readDelivery(delivery, 'workforce-events', exampleSources)).toMatchObject({
    kind: 'event',
    event: { timeMs: Date.parse('2100-01-01T00:00:00Z') },
  });
});

test.each([
  joinedEvent({ id: 'S3CRET\n' }),
  joinedEvent({ sourceversion: 'S3CRET' }),
  joinedEvent({ type: 'S3CRET' }),
  joinedEvent({ source: 'S3CRET' }),
  joinedWith({ engagement: ['S3CRET'] }),
  joinedWith({ startsAt: 'S3CRET' }),
  joinedWith({ attributes: { department: ['S3CRET'] } }),
])('nothing that was sent is in the rejection of %j', (event) => {
  expect(JSON.stringify(reject(structured(event)).rejection)).not.toContain('S3CRET');
});

test('a field is short and without control characters, for any names of members', () => {
  const name = `\u202e\u0007\ud800${'x'.repeat(10_000)}`;
  const { field = '' } = reject(structured(joinedWith({ attributes: { [name]: 1 } }))).rejection;

  expect(field).toMatch(/^data\.attributes\.\?\?\?x+$/);
  expect(field.length).toBeLessThanOrEqual(256);
});
