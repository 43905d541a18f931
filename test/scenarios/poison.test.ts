import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  employee,
  hrEvent,
  inDays,
  type SentEvent,
  type SentRecord,
  structured,
} from '../support/events.ts';
import { openSystem, type TestSystem, totalsOf } from '../support/system.ts';

let system: TestSystem;
beforeAll(async () => {
  system = await openSystem({ partitions: 1 });
});
afterAll(async () => {
  await system.verify();
  await system[Symbol.asyncDispose]();
});

let people = 0;

function good(): SentEvent {
  people += 1;
  const data = { startsAt: inDays(-9), attributes: employee('Sales') };
  return hrEvent('joined', `s17-${people}`, 1, data);
}

function raw(value: string | Buffer | null): SentRecord {
  return { topic: 'workforce-events', key: 'poison', value };
}

/** A good event with one thing changed in its JSON text. */
function changed(change: (json: string) => string | Buffer): SentRecord {
  return raw(change(JSON.stringify(good())));
}

function withAttributes(changes: Record<string, unknown>): SentRecord {
  return structured({ ...good(), ...changes });
}

function withData(changes: Record<string, unknown>): SentRecord {
  const event = good();
  return structured({ ...event, data: { ...(event.data as object), ...changes } });
}

function inPlaceOfData(text: string): SentRecord {
  return changed((json) => json.replace(/"attributes":\{[^}]*\}/, text));
}

const manyHeaders = Object.fromEntries(
  Array.from({ length: 5_000 }, (_, index) => [`h${index}`, 'x']),
);

/** Each hostile input, the code that it must get, and the field, where one causes it. */
const POISON: readonly (readonly [string, () => SentRecord, string, string?])[] = [
  ['a tombstone', () => raw(null), 'EMPTY_VALUE'],
  ['an empty value', () => raw(''), 'EMPTY_VALUE'],
  ['not JSON', () => raw('{"specversion":'), 'NOT_JSON'],
  ['JSON that is no object', () => raw('[1]'), 'NOT_CLOUDEVENTS'],
  ['no CloudEvent', () => raw('{"hello":"world"}'), 'NOT_CLOUDEVENTS', 'specversion'],
  [
    'an unknown type',
    () => withAttributes({ type: 'latchkey.workforce.promoted.v1' }),
    'TYPE_UNKNOWN',
    'type',
  ],
  [
    'an unknown source',
    () => withAttributes({ source: 'urn:example:nobody' }),
    'SOURCE_NOT_ALLOWED',
    'source',
  ],
  ['a missing field', () => withData({ startsAt: undefined }), 'CONTRACT_BROKEN', 'data.startsAt'],
  ['a wrong field', () => withData({ attributes: 'Sales' }), 'CONTRACT_BROKEN', 'data.attributes'],
  [
    'an over-long field',
    () => withData({ engagement: 'e'.repeat(300) }),
    'CONTRACT_BROKEN',
    'data.engagement',
  ],
  ['an over-long id', () => withAttributes({ id: 'i'.repeat(300) }), 'NOT_CLOUDEVENTS', 'id'],
  [
    'nested too deep',
    () => inPlaceOfData(`"attributes":${'['.repeat(5_000)}${']'.repeat(5_000)}`),
    'TOO_DEEP',
  ],
  [
    'a number beyond 2^53',
    () => inPlaceOfData('"attributes":{"level":9007199254740993}'),
    'CONTRACT_BROKEN',
    'data.attributes.level',
  ],
  [
    'invalid UTF-8',
    () => changed((json) => Buffer.from(json.replace('Sales', 'Sal\u00ff'), 'latin1')),
    'NOT_UTF8',
  ],
  [
    'a NUL character',
    () => inPlaceOfData('"attributes":{"department":"a\\u0000b"}'),
    'CONTRACT_BROKEN',
    'data.attributes.department',
  ],
  [
    'a polluting key',
    () => inPlaceOfData('"attributes":{"__proto__":{"admin":true}}'),
    'CONTRACT_BROKEN',
  ],
  [
    'a date that does not exist',
    () => withData({ startsAt: { date: '2026-02-30', zone: 'Europe/Berlin' } }),
    'CONTRACT_BROKEN',
    'data.startsAt',
  ],
  [
    'a sourceversion that is no number',
    () => withAttributes({ sourceversion: '1e3' }),
    'NOT_CLOUDEVENTS',
    'sourceversion',
  ],
  [
    'a body of 1 MB',
    () => withData({ attributes: { department: 'x'.repeat(1_000_000) } }),
    'TOO_LARGE',
  ],
  [
    'a control character in the id',
    () => withAttributes({ id: 'a\u0007b' }),
    'NOT_CLOUDEVENTS',
    'id',
  ],
  [
    'a control character in the subject',
    () => withAttributes({ subject: 'a\u001fb' }),
    'NOT_CLOUDEVENTS',
    'subject',
  ],
  ['a time in 2100', () => withAttributes({ time: '2100-01-01T00:00:00Z' }), 'TIME_AHEAD', 'time'],
  ['a time that is none', () => withAttributes({ time: 'yesterday' }), 'NOT_CLOUDEVENTS', 'time'],
  ['a repeated member', () => changed((json) => json.replace('{', '{"id":"another",')), 'NOT_JSON'],
  ['5,000 headers', () => ({ ...raw('{}'), headers: manyHeaders }), 'TOO_LARGE'],
];

const CASES = POISON.map(([name, poison, code, field]) => ({ name, poison, code, field }));

test.each(CASES)('S17 $name alone among 499', async ({ poison, code, field }) => {
  const before = await totalsOf(system.database);
  const record = poison();
  const neighbours = Array.from({ length: 499 }, () => structured(good()));
  await system.sendRecords(neighbours.toSpliced(250, 0, record));
  await system.settled();
  const after = await totalsOf(system.database);
  expect(after.applied - before.applied).toBe(499);
  expect(after.deadLetter - before.deadLetter).toBe(1);
  const [letter] = await system.database.query<{
    code: string;
    field: string | null;
    raw: Buffer | null;
  }>('select code, field, raw from dead_letter order by "offset" desc limit 1');
  expect(letter).toMatchObject({ code, ...(field === undefined ? {} : { field }) });
  expect(letter?.raw ?? null).toEqual(record.value === null ? null : Buffer.from(record.value));
});
