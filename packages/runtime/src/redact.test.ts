import { expect, test } from 'vitest';
import { redact, redactText } from './redact.ts';

const SECRET = 'canary-7f3a';

test.each([
  ['a Kafka password', { KAFKA_PASSWORD: SECRET }],
  [
    'a password in the connection that is logged',
    { sasl: { mechanism: 'plain', password: SECRET } },
  ],
  ['an Authorization header', { req: { Authorization: `Bearer ${SECRET}` } }],
  ['headers', { headers: { 'x-anything': SECRET } }],
  ['attributes', { account: { attributes: { department: SECRET } } }],
  ['a payload', { messages: [{ payload: SECRET }] }],
  ['the data of an event', { event: { data: { reason: SECRET } } }],
  ['raw bytes', { deadLetter: { raw: SECRET } }],
  ['a key and a value', { record: { key: SECRET, value: SECRET } }],
  ['names', { givenName: SECRET, family_name: SECRET, 'display-name': SECRET }],
  ['who it is about', { subject: SECRET, externalId: SECRET, userName: SECRET }],
  ['an e-mail address by its name', { email: SECRET }],
  ['parameters of a statement', { statement: 'claim', parameters: [SECRET] }],
  ['what is in a map', { state: new Map([['token', SECRET]]) }],
  ['a URL with a password', { url: `postgresql://app:${SECRET}@db:5432/latchkey` }],
  ['a password with an @ in a URL', { url: `postgresql://app:x@${SECRET}@db:5432/latchkey` }],
  ['a password as a parameter of a URL', { url: `postgresql://db/latchkey?password=${SECRET}` }],
  ['a URL object', { url: new URL(`https://app:${SECRET}@example.test/`) }],
  ['an e-mail address in a text', { why: `no mailbox ${SECRET}@example.test` }],
  ['an e-mail address in a message', new Error(`no mailbox ${SECRET}@example.test`)],
  ['bytes', { batch: [Buffer.from(SECRET)] }],
])('%s is not logged', (_, fields) => {
  expect(JSON.stringify(redact(fields))).not.toContain(SECRET);
});

test('what an operator needs stays', () => {
  const fields = {
    topic: 'latchkey.access.v1',
    partition: 3,
    nextOffset: 9_007_199_254_740_993n,
    ready: true,
    at: new Date(0),
    eventId: 'urn:example:hr#1',
    nothing: null,
    lanes: new Set([1, 2]),
  };

  expect(redact(fields)).toEqual({
    ...fields,
    nextOffset: '9007199254740993',
    at: '1970-01-01T00:00:00.000Z',
    lanes: [1, 2],
  });
});

test('a database URL keeps its host and name', () => {
  expect(redactText('postgresql://app:pw@db:5432/latchkey')).toBe(
    'postgresql://[redacted]@db:5432/latchkey',
  );
});

test('texts, lists, objects and depth are bounded', () => {
  const wide = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`m${n}`, n]));
  const loop: Record<string, unknown> = {};
  loop['next'] = loop;

  const redacted = redact({ text: 'x'.repeat(10_000), list: Array(60).fill(0), wide, loop });

  expect(redacted['text']).toHaveLength(4_000);
  expect(redacted['list']).toHaveLength(51);
  expect((redacted['list'] as unknown[]).at(-1)).toBe('… 10 more');
  expect(Object.keys(redacted['wide'] as object)).toHaveLength(50);
  expect(JSON.stringify(redacted['loop'])).toContain('[too deep]');
});

test('a member called __proto__ changes no prototype', () => {
  const redacted = redact(JSON.parse('{"__proto__": {"admin": true}}') as object);

  expect(Object.getPrototypeOf(redacted)).toBe(Object.prototype);
  expect(redacted['admin']).toBeUndefined();
});
