import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type RawDelivery } from './delivery.ts';
import {
  type Attributes,
  bare,
  binary,
  exampleSources,
  joinedData,
  joinedEvent,
  joinedWith,
  structured,
} from './example-deliveries.ts';
import { fingerprintOf } from './fingerprint.ts';
import { readDelivery } from './read-delivery.ts';

function fingerprint(delivery: RawDelivery): string {
  const read = readDelivery(delivery, 'workforce-events', exampleSources);
  if (read.kind === 'rejected') throw new Error(JSON.stringify(read.rejection));
  return read.event.fingerprint.toString('hex');
}

function contractor(changes: Attributes = {}): Attributes {
  return joinedEvent({ source: 'urn:example:contractors', sourceversion: undefined, ...changes });
}

/** The same value with the members of all objects in another order. */
function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, member]) => [name, shuffled(member)])
      .reverse(),
  );
}

/** As JSON.stringify, with every character of a text escaped. */
function escaped(value: unknown): string {
  return JSON.stringify(value).replace(/"((?:[^"\\]|\\.)*)"/g, (text) => {
    const units = (JSON.parse(text) as string).split('');
    return `"${units.map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')}"`;
  });
}

test('it is the SHA-256 of the canonical JSON of what it covers', () => {
  const content = { type: 't', subject: 's', sourceversion: '7', data: { b: [1, null], a: 'ä' } };
  const expected = createHash('sha256')
    .update(canonicalize(content) ?? '')
    .digest();

  expect(fingerprintOf({ ...content, timeNs: undefined })).toEqual(expected);
});

test('it depends neither on the mode nor on how the event was serialised', () => {
  const anyAttributes = fc.dictionary(
    fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_.:-]{0,8}$/).filter((name) => !/proto/.test(name)),
    fc.oneof(
      fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0')),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
    ),
  );

  fc.assert(
    fc.property(anyAttributes, fc.nat(4), (attributes, indent) => {
      const event = joinedWith({ attributes });
      const expected = fingerprint(structured(event));

      expect(fingerprint(binary(event))).toBe(expected);
      expect(fingerprint(binary(shuffled(event) as Attributes))).toBe(expected);
      expect(fingerprint(bare(JSON.stringify(shuffled(event), undefined, indent)))).toBe(expected);
      expect(fingerprint(bare(escaped(event)))).toBe(expected);
    }),
  );
});

test.each([
  ['another number for the same value', '"n":100', '"n":1.0e2'],
  ['another sign of zero', '"n":0', '"n":-0.0'],
])('it does not depend on %s', (_what, one, other) => {
  const text = JSON.stringify(joinedWith({ attributes: { n: 'N' } }));

  expect(fingerprint(bare(text.replace('"n":"N"', other)))).toBe(
    fingerprint(bare(text.replace('"n":"N"', one))),
  );
});

test.each([
  [
    'the type',
    {
      type: 'latchkey.workforce.moved.v1',
      data: { ...joinedData, effectiveAt: '2026-01-01T00:00:00Z' },
    },
  ],
  ['the subject', { subject: 'E2' }],
  ['the sourceversion', { sourceversion: '2' }],
  ['a value of the data', { data: { ...joinedData, engagement: 'E1-2' } }],
  [
    'an attribute that is cleared instead of absent',
    { data: { ...joinedData, attributes: { ...joinedData.attributes, level: null } } },
  ],
  ['a member that the contract does not name', { data: { ...joinedData, more: 1 } }],
  [
    'the kind of a value',
    { data: { ...joinedData, attributes: { ...joinedData.attributes, level: '3' } } },
  ],
])('it covers %s', (_what, changes) => {
  expect(fingerprint(structured(joinedEvent(changes)))).not.toBe(
    fingerprint(structured(joinedEvent())),
  );
});

test('of a source ordered by revision it does not cover the time', () => {
  const later = joinedEvent({ time: '2026-11-21T08:00:00Z' });

  expect(fingerprint(structured(later))).toBe(fingerprint(structured(joinedEvent())));
});

test('of a source ordered by modification it covers the time, as an instant', () => {
  const at = (time: string) => fingerprint(structured(contractor({ time })));

  expect(at('2026-11-20T09:00:00.000+01:00')).toBe(at('2026-11-20T08:00:00Z'));
  expect(at('2026-11-20T08:00:00.000000001Z')).not.toBe(at('2026-11-20T08:00:00Z'));
});

test('it covers neither transport nor trace', () => {
  const delivery = structured(joinedEvent({ traceparent: 'x', extension: 'y' }));

  expect(fingerprint({ ...delivery, key: Buffer.from('other') })).toBe(
    fingerprint(structured(joinedEvent())),
  );
});
