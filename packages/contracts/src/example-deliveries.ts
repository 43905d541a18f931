import { type RawDelivery } from './delivery.ts';
import { type Read, readDelivery } from './read-delivery.ts';
import { type RegisteredSource, type SourceRegistry } from './sources.ts';

/** Deliveries for tests. */
export type Attributes = Readonly<Record<string, unknown>>;

const sources: readonly RegisteredSource[] = [
  {
    source: 'urn:example:hr',
    order: 'revision',
    topics: ['workforce-events'],
    types: ['latchkey.workforce.*', 'latchkey.person.*'],
    aboutAnybody: false,
  },
  {
    source: 'urn:example:contractors',
    order: 'modified',
    topics: ['workforce-events'],
    types: ['latchkey.workforce.*', 'latchkey.person.*'],
    aboutAnybody: false,
  },
  {
    source: 'urn:example:security',
    order: 'modified',
    topics: ['workforce-events'],
    types: ['latchkey.person.*'],
    aboutAnybody: true,
  },
  {
    source: 'urn:example:ivr',
    order: 'modified',
    topics: ['verification-events'],
    types: ['latchkey.verification.*'],
    aboutAnybody: false,
  },
  {
    source: 'urn:example:both',
    order: 'modified',
    topics: ['workforce-events', 'verification-events'],
    types: ['latchkey.workforce.joined.v1', 'latchkey.verification.*'],
    aboutAnybody: false,
  },
];

export const exampleSources: SourceRegistry = new Map(
  sources.map((source) => [source.source, source]),
);

export const joinedData = {
  engagement: 'E1-1',
  startsAt: { date: '2026-12-01', zone: 'Europe/Berlin' },
  attributes: {
    givenName: 'Ada',
    department: 'Engineering',
    level: 3,
    remote: true,
    manager: null,
  },
};

/** A joiner of the personnel system. */
export function joinedEvent(changes: Attributes = {}): Attributes {
  return {
    specversion: '1.0',
    id: 'evt-1',
    source: 'urn:example:hr',
    type: 'latchkey.workforce.joined.v1',
    subject: 'E1',
    time: '2026-11-20T08:00:00Z',
    sourceversion: '1',
    data: joinedData,
    ...changes,
  };
}

/** That joiner with other data. */
export function joinedWith(data: Attributes): Attributes {
  return joinedEvent({ data: { ...joinedData, ...data } });
}

/** A report of the phone bridge. */
export function verificationEvent(changes: Attributes = {}): Attributes {
  return {
    specversion: '1.0',
    id: 'call-1',
    source: 'urn:example:ivr',
    type: 'latchkey.verification.requested.v1',
    subject: 'V1',
    time: '2026-11-20T08:00:00Z',
    data: { verification: 'V1', purpose: 'helpdesk-reset' },
    ...changes,
  };
}

export function structured(event: unknown): RawDelivery {
  return {
    key: Buffer.from('E1'),
    value: Buffer.from(JSON.stringify(event)),
    headers: [['content-type', Buffer.from('application/cloudevents+json; charset=UTF-8')]],
  };
}

export function binary(event: Attributes): RawDelivery {
  const { data, ...attributes } = event;
  const headers = Object.entries(attributes).map(
    ([name, value]) => [`ce_${name}`, Buffer.from(String(value))] as const,
  );
  return {
    key: Buffer.from('E1'),
    value: Buffer.from(JSON.stringify(data)),
    headers: [...headers, ['content-type', Buffer.from('application/json')]],
  };
}

/** A delivery of these bytes, without headers. */
export function bare(value: string | Buffer | null): RawDelivery {
  return { key: null, value: typeof value === 'string' ? Buffer.from(value) : value, headers: [] };
}

/** The joiner with something put into its JSON text, in place of the attributes, that no serialiser would write. */
export function joinedText(member: string): RawDelivery {
  return bare(JSON.stringify(joinedWith({ attributes: {} })).replace('"attributes":{}', member));
}

/** Reads a delivery on the topic of workforce events that must be rejected. */
export function reject(delivery: RawDelivery): Extract<Read, { readonly kind: 'rejected' }> {
  const read = readDelivery(delivery, 'workforce-events', exampleSources);
  if (read.kind !== 'rejected') throw new Error('the delivery was accepted');
  return read;
}
