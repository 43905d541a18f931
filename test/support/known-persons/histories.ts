import { employee, hrEvent, inDays, type SentEvent } from '../events.ts';

/** The events about one person, in the source's order. */
export type History = (externalId: string) => readonly SentEvent[];

const DEPARTMENTS = ['Finance', 'Sales', 'Engineering', 'Support', 'Operations'];
const BEGIN_DAYS = -900;
const DATES_DAYS = 590;
/** One of so many rows has a key of its own. */
const KEYED_EVERY = 5;
/** One of so many nightly statements differs from the one before. */
const CHANGED_EVERY = 30;

/** A start. */
export const started: History = (externalId) => [joinedEvent(externalId)];

/** A start and dated rows, each with a date of its own, some with a key: `facts` altogether. */
export function moves(facts: number): History {
  return (externalId) => [
    joinedEvent(externalId),
    ...Array.from({ length: facts - 1 }, (_, index) => {
      const effectiveAt = inDays(BEGIN_DAYS + ((index + 1) / facts) * DATES_DAYS);
      const key = index % KEYED_EVERY === 0 ? { fact: `row-${index}` } : {};
      const data = { ...key, effectiveAt, attributes: { department: departmentOf(index) } };
      return hrEvent('moved', externalId, index + 2, data, { id: `${externalId}${index + 2}` });
    }),
  ];
}

/** A start, then what a snapshot states every night, most often the same: `facts` altogether. */
export function nights(facts: number): History {
  return (externalId) => [
    joinedEvent(externalId),
    ...Array.from({ length: facts - 1 }, (_, index) =>
      statedEvent(externalId, index + 2, departmentOf(Math.floor(index / CHANGED_EVERY)), {
        id: `${externalId}${index + 2}`,
      }),
    ),
  ];
}

/** All that a source knows of a person who is at work. */
export function statedEvent(
  externalId: string,
  revision: number,
  department: string,
  changes: Partial<SentEvent> = {},
): SentEvent {
  const data = {
    startsAt: STARTS_AT,
    timeline: [{ from: STARTS_AT, attributes: attributesOf(externalId, department) }],
  };
  return hrEvent('stated', externalId, revision, data, changes);
}

export function departmentOf(number: number): string {
  return DEPARTMENTS[number % DEPARTMENTS.length] ?? '';
}

const STARTS_AT = inDays(BEGIN_DAYS);

function joinedEvent(externalId: string): SentEvent {
  // The last digits of the number, so that neighbours differ.
  const department = departmentOf(Number(/\d+/.exec(externalId)?.[0] ?? 0));
  const data = { startsAt: STARTS_AT, attributes: attributesOf(externalId, department) };
  return hrEvent('joined', externalId, 1, data, { id: `${externalId}joined` });
}

function attributesOf(externalId: string, department: string): object {
  return employee(department, {
    familyName: 'Lindqvist',
    email: `${externalId}@corp.example.com`,
    jobTitle: 'Specialist',
    location: 'Berlin',
  });
}
