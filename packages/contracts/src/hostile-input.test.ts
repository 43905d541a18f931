import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  bare,
  exampleSources,
  joinedEvent,
  joinedText,
  joinedWith,
  structured,
} from './example-deliveries.ts';
import { readDelivery } from './read-delivery.ts';

const anyBytes = fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes));
const anyJson = fc.jsonValue({ stringUnit: 'binary' });

/** Nothing like an event, and events of which one member is anything. */
const anyValue = fc.oneof(
  anyBytes,
  anyJson.map(toBytes),
  fc
    .tuple(fc.constantFrom(...Object.keys(joinedEvent()), '__proto__', 'x'), anyJson)
    .map(([name, value]) => toBytes({ ...joinedEvent(), [name]: value })),
  fc
    .tuple(fc.constantFrom('engagement', 'startsAt', 'endsAt', 'attributes', 'x'), anyJson)
    .map(([name, value]) => toBytes(joinedWith({ [name]: value }))),
);

const anyHeaderName = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('content-type', 'ce_id', 'ce_source', 'ce_type', 'ce___proto__', 'traceparent'),
);

function toBytes(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

test('any delivery is either an event or rejected with a code, a field and a cause', () => {
  const anyHeaders = fc.array(fc.tuple(anyHeaderName, anyBytes), { maxLength: 4 });

  fc.assert(
    fc.property(anyValue, anyHeaders, fc.option(anyBytes), (value, headers, key) => {
      const read = readDelivery({ key, value, headers }, 'workforce-events', exampleSources);

      if (read.kind === 'event') return;
      for (const known of [read.eventId, read.source, read.type]) {
        if (known !== undefined) expect(known).toMatch(/^\P{Control}{1,513}$/u);
      }
      expect(read.rejection.field).toMatch(/^\P{Control}{1,256}$/u);
      expect(read.rejection.cause).toMatch(/^\P{Control}{5,300}$/u);
    }),
    { numRuns: 1000 },
  );
});

test('an event of which a few bytes are changed is still read, or rejected', () => {
  const whole = toBytes(joinedEvent());
  const anyChanges = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 3 });

  fc.assert(
    fc.property(anyChanges, fc.nat(whole.length), (changes, length) => {
      const value = Buffer.from(whole);
      for (const [at, byte] of changes) value[at] = byte;

      for (const bytes of [value, value.subarray(0, length)]) {
        const read = readDelivery(bare(bytes), 'workforce-events', exampleSources);
        expect(['event', 'rejected']).toContain(read.kind);
      }
    }),
    { numRuns: 500 },
  );
});

const sizeBytes = 250_000;

function many(part: string): string {
  return part.repeat(sizeBytes / part.length);
}

// A quadratic step would take minutes at this size.
test.each([
  ['escaped NULs', bare(`{"data":"${many('\\u0000')}"}`)],
  ['exponents', bare(`[${many('1e9,')}1]`)],
  ['digits', bare(`[${'9'.repeat(sizeBytes)}]`)],
  ['leading zeros', bare(`[0.${'0'.repeat(sizeBytes)}1]`)],
  ['zeros in the middle', bare(`[1${'0'.repeat(sizeBytes)}1e-${sizeBytes}]`)],
  ['a long exponent', bare(`[0e-${'9'.repeat(sizeBytes)}]`)],
  ['backslashes', bare(many('"\\'))],
  ['objects one after the other', bare(many('{}'))],
  ['ends without beginnings', bare(many(']'))],
  [
    'members',
    joinedText(`"more":{${Array.from({ length: 20_000 }, (_, at) => `"a${at}":0`).join()}}`),
  ],
  ['lists', joinedText(`"attributes":{},"more":[${many('[1],')}0]`)],
  ['line feeds in the id', structured(joinedEvent({ id: many('a\n') }))],
  ['years', structured(joinedWith({ startsAt: many('2026-') }))],
])('as many %s as fit are read in linear time', (_what, delivery) => {
  const startedAt = performance.now();
  readDelivery(delivery, 'workforce-events', exampleSources);

  expect(performance.now() - startedAt).toBeLessThan(1000);
});
