import type { Attributes } from '@latchkey/contracts';
import { openRandom } from '../../faults/workload/random.ts';
import { CONTRACTORS, HR, type SentEvent } from '../../support/events.ts';
import { interleave } from './interleave.ts';
import { hashOf, permutationOf } from './permutation.ts';
import { paddedAttributes, traceparentOf, type Unnumbered } from './unnumbered.ts';
import type { Workload } from './workload.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const EVENTS_EACH = 3.5;
const MIXED_WINDOW = 2_000;
/** Below the limit of facts per engagement. */
const HOT_FACTS_PER_ENGAGEMENT = 900;

const GIVEN_NAMES = ['Ada', 'Grace', 'Alan', 'Barbara', 'Edsger', 'Margaret', 'Donald', 'Radia'];
const FAMILY_NAMES = ['Okonkwo', 'Lindqvist', 'Moreau', 'Castellanos', 'Yamamoto', 'Oppenheimer'];
const TITLES = ['Controller', 'Analyst', 'Engineer', 'Agent', 'Team lead', 'Specialist', 'Clerk'];
const LOCATIONS = ['Berlin', 'Madrid', 'Lisbon', 'Warsaw', 'Dublin', 'Utrecht'];
/** One of five departments is Finance, which has separate rules. */
const DEPARTMENTS = ['Finance', 'Sales', 'Engineering', 'Support', 'Operations'];

/** Phase of an event of a person: 0 the start, 1… the moves, -1 the end. */
interface Turn {
  readonly person: number;
  readonly phase: number;
}

interface Plan {
  readonly persons: number;
  readonly moves: number;
  readonly leavers: number;
}

/** Each person starts and has two moves; half of them leave. With fewer persons there are more moves. */
function planOf(events: number, wanted: number | undefined): Plan {
  const persons = Math.max(1, Math.min(events, wanted ?? Math.round(events / EVENTS_EACH)));
  const rest = events - persons;
  const leavers = Math.min(Math.floor(persons / 2), Math.floor(rest / 5));
  return { persons, moves: rest - leavers, leavers };
}

/** Generates events about persons. */
export function* workforceEvents(workload: Workload, events: number): Generator<Unnumbered> {
  const hot = Math.round(events * workload.hotShare);
  const plan = planOf(events - hot, workload.persons);
  const turns =
    workload.order === 'apart' ? turnsApart(workload, plan) : turnsMixed(workload, plan);
  let isHot = 0;
  for (let index = 0; index < events; index += 1) {
    if (Math.floor((index + 1) * workload.hotShare) > isHot && isHot < hot) {
      yield hotEvent(workload, isHot);
      isHot += 1;
      continue;
    }
    const next = turns.next();
    if (next.done === true) return;
    yield eventOf(workload, next.value);
  }
}

function* turnsApart({ seed }: Workload, plan: Plan): Generator<Turn, undefined> {
  const { persons, moves, leavers } = plan;
  const shuffled = (phase: number): ((index: number) => number) =>
    permutationOf(persons, hashOf(seed, phase));
  const starts = shuffled(0);
  for (let index = 0; index < persons; index += 1) yield { person: starts(index), phase: 0 };
  for (let done = 0; done < moves; done += persons) {
    const phase = done / persons + 1;
    const personAt = shuffled(phase);
    const count = Math.min(persons, moves - done);
    for (let index = 0; index < count; index += 1) yield { person: personAt(index), phase };
  }
  const ends = shuffled(-1);
  for (let index = 0; index < leavers; index += 1) yield { person: ends(index), phase: -1 };
}

function turnsMixed({ seed }: Workload, plan: Plan): Generator<Turn, undefined> {
  const { persons, moves, leavers } = plan;
  const storyOf = (person: number): readonly Turn[] => {
    const own = Math.floor(moves / persons) + (person < moves % persons ? 1 : 0);
    const phases = Array.from({ length: own + 1 }, (_, phase) => ({ person, phase }));
    // Leavers are spread evenly.
    const leaves =
      Math.floor(((person + 1) * leavers) / persons) > Math.floor((person * leavers) / persons);
    return leaves ? [...phases, { person, phase: -1 }] : phases;
  };
  return interleave(persons, storyOf, MIXED_WINDOW, openRandom(seed));
}

function eventOf(workload: Workload, { person, phase }: Turn): Unnumbered {
  const externalId = `${workload.prefix}-p${person}`;
  if (phase === 0) return joined(workload, person, externalId, `E-${externalId}`, 1);
  const last = 1_000_000;
  return phase > 0
    ? moved(workload, person, externalId, `E-${externalId}`, phase)
    : {
        ...envelopeOf(workload, person, externalId, last),
        type: 'latchkey.workforce.left.v1',
        data: {
          engagement: `E-${externalId}`,
          endsAt: instant(
            workload.todayMs - DAY_MS * (1 + (hashOf(workload.seed, person, 7) % 20)),
          ),
          reason: 'resignation, notice period served',
          recordedBy: 'hr-shared-services',
          ticket: `HR-${hashOf(workload.seed, person, 8) % 1_000_000}`,
        },
      };
}

/** One person with consecutive engagements, each with the maximum of facts. */
function hotEvent(workload: Workload, index: number): Unnumbered {
  const externalId = `${workload.prefix}-hot`;
  const engagement = `E-${externalId}-${Math.floor(index / HOT_FACTS_PER_ENGAGEMENT)}`;
  const at = index % HOT_FACTS_PER_ENGAGEMENT;
  return at === 0
    ? joined(workload, 0, externalId, engagement, 1)
    : moved(workload, 0, externalId, engagement, at);
}

function joined(
  workload: Workload,
  person: number,
  externalId: string,
  engagement: string,
  revision: number,
): Unnumbered {
  const { seed, todayMs } = workload;
  const startedDaysAgo = 400 + (hashOf(seed, person, 1) % 3_000);
  const attributes = {
    givenName: pick(GIVEN_NAMES, seed, person, 2),
    familyName: pick(FAMILY_NAMES, seed, person, 3),
    email: `${externalId}@corp.example.com`,
    department: pick(DEPARTMENTS, seed, person, 4),
    jobTitle: pick(TITLES, seed, person, 5),
    location: pick(LOCATIONS, seed, person, 6),
    employmentType: isContractor(seed, person) ? 'contractor' : 'employee',
  };
  return {
    ...envelopeOf(workload, person, externalId, revision),
    type: 'latchkey.workforce.joined.v1',
    data: {
      engagement,
      startsAt: {
        date: instant(todayMs - startedDaysAgo * DAY_MS).slice(0, 10),
        zone: 'Europe/Berlin',
      },
      attributes: paddedAttributes(attributes, workload.payloadBytes),
    },
  };
}

function moved(
  workload: Workload,
  person: number,
  externalId: string,
  engagement: string,
  phase: number,
): Unnumbered {
  const { seed, todayMs } = workload;
  const daysAgo = 390 - (phase % 360);
  return {
    ...envelopeOf(workload, person, externalId, phase + 1),
    type: 'latchkey.workforce.moved.v1',
    data: {
      engagement,
      effectiveAt: instant(todayMs - daysAgo * DAY_MS + phase * MINUTE_MS),
      attributes: paddedAttributes(changeOf(seed, person, phase), workload.payloadBytes),
      recordedBy: 'hr-shared-services',
      ticket: `HR-${hashOf(seed, person, phase) % 1_000_000}`,
    },
  };
}

/** Alternates a new title or place with a new department; never the current one. */
function changeOf(seed: number, person: number, phase: number): Attributes {
  const turn = Math.ceil(phase / 2);
  if (phase % 2 === 0) return { department: pick(DEPARTMENTS, seed, person, 4, turn) };
  return hashOf(seed, person, 9) % 2 === 0
    ? { jobTitle: pick(TITLES, seed, person, 5, turn) }
    : { location: pick(LOCATIONS, seed, person, 6, turn) };
}

function envelopeOf(
  { seed, todayMs }: Workload,
  person: number,
  externalId: string,
  revision: number,
): Omit<SentEvent, 'id' | 'type' | 'data'> {
  const ofContractors = isContractor(seed, person);
  return {
    specversion: '1.0',
    source: ofContractors ? CONTRACTORS : HR,
    subject: externalId,
    time: instant(todayMs - 30 * DAY_MS + (revision % 40_000) * MINUTE_MS),
    datacontenttype: 'application/json',
    traceparent: traceparentOf(seed, person, revision),
    ...(ofContractors ? {} : { sourceversion: String(revision) }),
  };
}

function isContractor(seed: number, person: number): boolean {
  return hashOf(seed, person, 10) % 100 < 15;
}

/** @param turn - distance from the first choice of the person */
function pick(
  items: readonly string[],
  seed: number,
  person: number,
  salt: number,
  turn = 0,
): string {
  return items[(hashOf(seed, person, salt) + turn) % items.length] ?? '';
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
