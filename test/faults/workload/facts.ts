import type { Attributes, Moment } from '@latchkey/contracts';
import { type CONTRACTORS, HR, SECURITY, type SentEvent } from '../../support/events.ts';

export const FACT_KINDS = [
  'joined',
  'moved',
  'left',
  'suspended',
  'resumed',
  'rescinded',
  'stated',
  'blocked',
  'released',
] as const;

type FactKind = (typeof FACT_KINDS)[number];

/** Kinds of facts in one history. Few kinds make conflicts between facts frequent. */
export const THEMES: readonly (readonly FactKind[])[] = [
  ['joined', 'left'],
  ['joined', 'left', 'rescinded'],
  ['left', 'stated'],
  ['joined', 'moved', 'rescinded'],
  ['moved', 'stated', 'rescinded'],
  ['suspended', 'resumed', 'rescinded', 'stated'],
  ['joined', 'left', 'suspended'],
  ['blocked', 'released', 'left'],
  FACT_KINDS,
];

/** A person in one source. */
export interface Person {
  readonly source: typeof HR | typeof CONTRACTORS;
  readonly externalId: string;
}

/** A fact as small numbers, which are easy to generate and to shrink. */
export interface FactDraft {
  readonly kind: FactKind;
  /** Which engagement of the person. */
  readonly engagement: number;
  /** Its date; an index of `MOMENTS`. */
  readonly at: number;
  /** A second date, where the kind has one; an index of `MOMENTS`, out of range: none. */
  readonly until: number;
  /** Selects attributes, keys or switches. */
  readonly detail: number;
}

/**
 * In chronological order. Long past or far ahead, so that results do not depend on the time of the test. Two
 * pairs are the same instant written differently, and some are dates that start at different instants.
 */
export const MOMENTS: readonly Moment[] = [
  '2011-03-01T08:00:00Z',
  { date: '2013-07-01', zone: 'Europe/Berlin' },
  '2013-06-30T22:00:00Z',
  { date: '2013-07-01', zone: 'America/New_York' },
  '2016-02-29T12:00:00.5Z',
  { date: '2018-11-04', zone: 'Asia/Tokyo' },
  '2020-01-01T00:00:00+05:30',
  { date: '2022-10-30', zone: 'Europe/Berlin' },
  '2081-01-01T00:00:00Z',
  { date: '2083-06-01', zone: 'Europe/Berlin' },
  '2083-05-31T22:00:00Z',
  { date: '2087-12-24', zone: 'America/New_York' },
];
/** Before all others. No rescission has this date. */
const LONG_AGO: Moment = '2001-01-01T00:00:00Z';

const JOBS: readonly Attributes[] = [
  { department: 'Sales', jobTitle: 'Agent' },
  { department: 'Finance', jobTitle: 'Controller' },
  { department: 'Finance', jobTitle: 'Clerk' },
  { department: 'Legal', jobTitle: 'Controller' },
];
/** Attributes of moves. Attributes in rules are never cleared, so that no condition is unknown. */
const MOVES: readonly Attributes[] = [
  ...JOBS,
  { location: null },
  { location: 'Madrid', email: 'a@example.com' },
  { employmentType: 'contractor' },
  { employmentType: 'employee', manager: 'M-2' },
];
const ROWS = ['row-1', 'row-2', undefined] as const;
const BEGINNING_MS = Date.parse('2024-01-01T00:00:00Z');
const MINUTE_MS = 60_000;

/**
 * The event that states a draft. Its order in the source is `order` (from 1, below 500,000), its id is of
 * the person and the order.
 */
export function factEvent(person: Person, order: number, draft: FactDraft): SentEvent {
  const isBlock = draft.kind === 'blocked' || draft.kind === 'released';
  const isSecurity = isBlock && draft.detail % 2 === 1;
  const source = isSecurity ? SECURITY : person.source;
  return {
    specversion: '1.0',
    id: `${person.externalId}-${order}`,
    source,
    type: `latchkey.${isBlock ? 'person' : 'workforce'}.${draft.kind}.v1`,
    subject: person.externalId,
    time: new Date(BEGINNING_MS + order * MINUTE_MS).toISOString(),
    ...(source === HR ? { sourceversion: String(order) } : {}),
    data: isBlock ? blockData(person, draft, isSecurity) : dataOf(person, draft),
  };
}

function blockData({ source, externalId }: Person, draft: FactDraft, isSecurity: boolean): object {
  return {
    reason: 'lost laptop',
    ...(isSecurity ? { person: { source, externalId } } : {}),
    ...(draft.detail % 4 < 2 ? {} : { incident: 'INC-1' }),
  };
}

function dataOf({ externalId }: Person, draft: FactDraft): object {
  const engagement = `E${draft.engagement}-${externalId}`;
  const at = MOMENTS[draft.at] as Moment;
  return { engagement, ...BUILD_DATA[draft.kind](at, MOMENTS[draft.until], draft.detail) };
}

type BuildData = (at: Moment, until: Moment | undefined, detail: number) => object;

const BUILD_DATA: Readonly<Record<FactDraft['kind'], BuildData>> = {
  joined: (startsAt, endsAt, detail) => ({
    startsAt,
    ...optional('endsAt', endsAt),
    attributes: hired(detail),
  }),
  moved: (effectiveAt, _until, detail) => ({
    ...optional('fact', ROWS[detail % ROWS.length]),
    effectiveAt,
    attributes: MOVES[detail % MOVES.length],
  }),
  left: (endsAt, accessEndsAt, detail) => ({
    endsAt,
    ...optional('accessEndsAt', accessEndsAt),
    ...optional('immediate', detail % 5 === 4 ? true : undefined),
  }),
  suspended: (effectiveAt) => ({ effectiveAt }),
  resumed: (effectiveAt) => ({ effectiveAt }),
  rescinded: (at, _until, detail) => ({ rescinds: rescinds(at, detail) }),
  stated: (startsAt, endsAt, detail) => ({
    startsAt,
    ...optional('endsAt', endsAt),
    timeline: [
      { from: LONG_AGO, attributes: hired(detail) },
      ...(detail % 2 === 0 ? [] : [{ from: startsAt, attributes: MOVES[detail % MOVES.length] }]),
    ],
  }),
  blocked: () => ({}),
  released: () => ({}),
};

function hired(detail: number): Attributes {
  const employmentType = detail % 3 === 2 ? 'contractor' : 'employee';
  return { givenName: 'Ada', location: 'Berlin', employmentType, ...JOBS[detail % JOBS.length] };
}

function rescinds(effectiveAt: Moment, detail: number): unknown {
  const kinds = ['moved', 'suspended', 'resumed'] as const;
  const choices = [
    'start',
    'end',
    { fact: 'row-1' },
    ...kinds.map((kind) => ({ kind, effectiveAt })),
  ];
  return choices[detail % choices.length];
}

function optional(name: string, value: unknown): object {
  return value === undefined ? {} : { [name]: value };
}
