import type { InputTopic, RawDelivery } from '@latchkey/contracts';
import fc from 'fast-check';
import { CONTRACTORS, HR, IVR, SECURITY } from '../../support/events.ts';
import { CANARY } from './corpus/texts.ts';

/** A generated delivery. */
export interface GeneratedDelivery {
  readonly topic: InputTopic;
  readonly delivery: RawDelivery;
  /** True where bytes of the value were changed, so that a value may appear in place of a name. */
  readonly changed: boolean;
}

type Json = unknown;

const INSTANTS = [
  '2026-01-01T00:00:00Z',
  '1900-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999999999Z',
  '2016-12-31T23:59:60Z',
  '0000-01-01T00:00:00Z',
  '2026-02-29T00:00:00Z',
  '2026-06-31T00:00:00+14:00',
  '+275760-09-13T00:00:00Z',
  '2026-01-01t00:00:00z',
  '2026-01-01T00:00:00-00:00',
  '2026-01-01',
];
const DATES = ['2026-03-29', '2026-10-25', '2011-12-30', '2026-02-30', '1899-12-31', '9999-12-31'];
const ZONES = [
  'Europe/Berlin',
  'Pacific/Apia',
  'America/Sao_Paulo',
  'utc',
  'Etc/GMT+12',
  '+01:00',
  'X/Y',
  '',
];
const TEXTS = [
  '',
  CANARY,
  `${CANARY}\0`,
  `${CANARY}\n\u0007`,
  `\ud800${CANARY}`,
  `${CANARY}\u202e\u200b`,
  `${CANARY}#${CANARY}`,
  CANARY.padEnd(256, 'x'),
  CANARY.padEnd(257, 'x'),
  CANARY.padEnd(1_025, 'x'),
  'caf\u00e9',
  'cafe\u0301',
  '\u001e\u001f',
  '__proto__',
  `${CANARY}'"\`\${}{{`,
];
const NUMBERS = [0, -0, 1, -1, 0.5, 2 ** 53 - 1, 2 ** 53, 1e21, 1e300, 5e-324];
/** Inserted verbatim into the JSON text; no serialiser writes them. */
const RAW = [
  '9007199254740993',
  '1e400',
  '-1e-400',
  '-0',
  '01',
  'NaN',
  '"\\u0000"',
  '"\\udead"',
  '{"a":1,"a":2}',
];
const NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  '',
  'a',
  'department',
  'a b',
  '\u0000',
  '\ud800',
];

const text = fc.oneof(
  fc.constantFrom(...TEXTS),
  fc.string({ unit: 'binary', maxLength: 12 }).map((some) => CANARY + some),
);
const moment = fc.oneof(
  fc.constantFrom(...INSTANTS),
  fc.record({ date: fc.constantFrom(...DATES), zone: fc.constantFrom(...ZONES) }),
);
const leaf = fc.oneof(
  text,
  fc.constantFrom<Json>(...NUMBERS, true, false, null),
  moment,
  fc.integer({ min: 0, max: RAW.length - 1 }).map((at) => `\uE000${at}\uE000`),
);
const { value: anything } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(fc.tuple(fc.constantFrom(...NAMES), tie('value')), { maxLength: 3 }).map(objectOf),
  ),
}));

/** An object with own members of any name. */
function objectOf(members: readonly (readonly [string, Json])[]): Json {
  return Object.fromEntries(members);
}

const attributes = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Json>({ department: CANARY, employmentType: 'employee' }) },
  { weight: 1, arbitrary: fc.dictionary(fc.constantFrom(...NAMES, 'email'), leaf, { maxKeys: 4 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 202 }).map(manyAttributes) },
);

function manyAttributes(count: number): Json {
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [`a${at}`, CANARY]));
}

const FROM = '2026-01-01T00:00:00Z';
const row = fc.record({ from: fc.oneof(fc.constant<Json>(FROM), moment), attributes });
const DATA: readonly (readonly [string, fc.Arbitrary<Json>])[] = [
  ['workforce.joined', fc.record({ engagement: text, startsAt: moment, attributes })],
  ['workforce.moved', fc.record({ engagement: text, effectiveAt: moment, attributes, fact: text })],
  [
    'workforce.left',
    fc.record({ engagement: text, endsAt: moment, reason: text, immediate: leaf }),
  ],
  ['workforce.suspended', fc.record({ engagement: text, effectiveAt: moment })],
  [
    'workforce.rescinded',
    fc.record({ engagement: text, rescinds: fc.oneof(anything, fc.constant('end')) }),
  ],
  [
    'workforce.stated',
    fc.record({ engagement: text, startsAt: moment, timeline: fc.array(row, { maxLength: 5 }) }),
  ],
  [
    'person.blocked',
    fc.record({ person: fc.record({ source: text, externalId: text }), reason: text }),
  ],
  ['person.released', fc.record({ reason: text, incident: text })],
  ['verification.requested', fc.record({ verification: text, purpose: text, maxAttempts: leaf })],
  [
    'verification.verdict-reached',
    fc.record({ verification: text, attempt: text, platform: text, score: leaf, decidedBy: text }),
  ],
  [
    'verification.call-progressed',
    fc.record({ verification: text, attempt: text, call: anything }),
  ],
];

const body = fc.oneof(
  ...DATA.map(([type, arbitrary]) =>
    arbitrary.map((data) => ({ type: `latchkey.${type}.v1`, data })),
  ),
);

/** Members that are overwritten: of the envelope, of the data, and unknown names. */
const PLACES = [
  'id',
  'source',
  'type',
  'subject',
  'time',
  'sourceversion',
  'specversion',
  'data',
  'traceparent',
];
const change = fc.record({
  inData: fc.boolean(),
  name: fc.constantFrom(
    ...PLACES,
    'engagement',
    'startsAt',
    'attributes',
    'verification',
    ...NAMES,
  ),
  value: fc.option(anything, { nil: undefined }),
});
const bytesChange = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  kind: fc.constantFrom('flip', 'cut', 'insert', 'repeat'),
  byte: fc.constantFrom(0, 0x22, 0x5c, 0x7b, 0x5d, 0x80, 0xc0, 0xed, 0xff),
});
const header = fc.tuple(
  fc.constantFrom(
    'ce_id',
    'CE_ID',
    'content-type',
    'ce_source',
    'ce_x',
    'traceparent',
    '__proto__',
    '',
    'x',
  ),
  fc.oneof(
    fc.uint8Array({ maxLength: 8 }).map((some) => Buffer.from(some)),
    fc
      .constantFrom('application/cloudevents+json', 'application/json', 'text/xml', CANARY)
      .map((value) => Buffer.from(value)),
  ),
);

/** Events with mistakes that a sender could make, accidentally or on purpose. Most are nearly valid. */
export const generatedDeliveries: fc.Arbitrary<GeneratedDelivery> = fc
  .record({
    body,
    source: fc.constantFrom(HR, HR, CONTRACTORS, SECURITY, IVR, IVR, 'urn:example:unknown'),
    time: fc.oneof(fc.constant(FROM), fc.constantFrom(...INSTANTS)),
    id: fc.oneof(fc.uuid(), text),
    changes: fc.array(change, { maxLength: 2 }),
    bytes: fc.oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(bytesChange, { minLength: 1, maxLength: 3 }) },
    ),
    binary: fc.boolean(),
    headers: fc.oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(header, { maxLength: 4 }) },
    ),
    key: fc.option(fc.uint8Array({ maxLength: 8 })),
  })
  .map(({ body: { type, data }, source, time, id, changes, bytes, binary, headers, key }) => {
    const isVerification = type.startsWith('latchkey.verification.');
    const subject = isVerification ? (data as { verification?: Json }).verification : 'person';
    const event: Record<string, Json> = { specversion: '1.0', id, source, type, subject, time };
    event['sourceversion'] = '1';
    event['data'] = data;
    for (const one of changes) put(one.inData ? data : event, one.name, one.value);
    const { value, headers: own } = binary
      ? binaryOf(event)
      : { value: textOf(event), headers: [] };
    return {
      topic: isVerification ? 'verification-events' : 'workforce-events',
      changed: bytes.length > 0,
      delivery: {
        key: key === null ? null : Buffer.from(key),
        value: (bytes as readonly BytesChange[]).reduce(changeBytes, Buffer.from(value)),
        headers: [...own, ...headers],
      },
    };
  });

function put(target: Json, name: string, value: Json): void {
  if (typeof target !== 'object' || target === null) return;
  Object.defineProperty(target, name, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

/** JSON text in which placeholders are replaced by `RAW`. */
function textOf(value: Json): string {
  const text = value === undefined ? '' : JSON.stringify(value);
  return text.replaceAll(/"\uE000(\d)\uE000"/g, (_, at: string) => RAW[Number(at)] ?? '0');
}

function binaryOf({
  data,
  ...event
}: Readonly<Record<string, Json>>): Pick<RawDelivery, 'headers'> & { value: string } {
  const headers = Object.entries(event).map(
    ([name, value]) =>
      [`ce_${name}`, Buffer.from(typeof value === 'string' ? value : textOf(value))] as const,
  );
  return { value: textOf(data), headers };
}

interface BytesChange {
  readonly at: number;
  readonly kind: string;
  readonly byte: number;
}

function changeBytes(bytes: Buffer, { at, kind, byte }: BytesChange): Buffer {
  const place = Math.floor(at * bytes.length);
  const [before, after] = [bytes.subarray(0, place), bytes.subarray(place)];
  if (kind === 'cut') return before;
  if (kind === 'insert') return Buffer.concat([before, Buffer.of(byte), after]);
  if (kind === 'repeat') return Buffer.concat([before, after, after]);
  return Buffer.concat([before, Buffer.of(byte), after.subarray(1)]);
}
