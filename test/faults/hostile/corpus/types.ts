import { CONTRACTORS, HR, IVR } from '../../../support/events.ts';
import {
  type Becomes,
  CANARY,
  createAttributes,
  joinedText,
  type Members,
  openCollection,
  wrapValue,
} from './texts.ts';

const { all, add, nextName } = openCollection('t');
/** Events of the other types. */
export const TYPES = all;

function workforce(why: string, becomes: Becomes, type: string, content: Members): void {
  const name = nextName();
  const envelope = {
    type: `latchkey.workforce.${type}.v1`,
    data: { engagement: name, ...content },
  };
  add(why, becomes, wrapValue(joinedText(name, envelope)));
}

const FROM = '2026-01-01T00:00:00Z';
const rows = (count: number, content: Members): readonly Members[] =>
  Array.from({ length: count }, () => ({ from: FROM, attributes: content }));

workforce('1,001 rows', 'CONTRACT_BROKEN', 'stated', { startsAt: FROM, timeline: rows(1_001, {}) });
workforce('1,000 rows at once', 'event', 'stated', { startsAt: FROM, timeline: rows(1_000, {}) });
workforce('1,000 rows, each with other attributes', 'event', 'stated', {
  startsAt: FROM,
  timeline: rows(1_000, createAttributes(5)).map((row, at) => ({
    ...row,
    from: { date: new Date(Date.UTC(1990, 0, 1 + at)).toISOString().slice(0, 10), zone: 'UTC' },
  })),
});
workforce('many rows with many attributes', 'event', 'stated', {
  startsAt: FROM,
  timeline: rows(50, createAttributes(200)),
});
workforce('no rows', 'event', 'stated', { startsAt: FROM, timeline: [] });
workforce('a timeline that is an object', 'CONTRACT_BROKEN', 'stated', {
  startsAt: FROM,
  timeline: { length: 1 },
});
workforce('a rescission of two things', 'CONTRACT_BROKEN', 'rescinded', {
  rescinds: { fact: 'f', kind: 'moved', effectiveAt: FROM },
});
workforce('a rescission of an unknown fact', 'event', 'rescinded', { rescinds: { fact: 'never' } });
workforce('a leave without a start', 'event', 'left', { endsAt: FROM, reason: CANARY });
workforce('an empty reason', 'CONTRACT_BROKEN', 'left', { endsAt: FROM, reason: '' });
workforce('a reason of 1,025 characters', 'CONTRACT_BROKEN', 'left', {
  endsAt: FROM,
  reason: CANARY.padEnd(1_025),
});

function person(why: string, becomes: Becomes, source: string, about: unknown): void {
  const name = nextName();
  const content = { person: about, reason: CANARY };
  const envelope = { type: 'latchkey.person.blocked.v1', source, data: content };
  add(why, becomes, wrapValue(joinedText(name, envelope)));
}

person('a block of a person of another source', 'SOURCE_NOT_ALLOWED', CONTRACTORS, {
  source: HR,
  externalId: CANARY,
});
person('a block without a person', 'SOURCE_NOT_ALLOWED', 'urn:example:security', {
  source: 'urn:x',
  externalId: CANARY,
});
person('a block of a list', 'CONTRACT_BROKEN', HR, [CANARY]);

function verification(why: string, becomes: Becomes, type: string, content: Members): void {
  const name = nextName();
  const event = joinedText(name, {
    type: `latchkey.verification.${type}.v1`,
    source: IVR,
    subject: name,
    sourceversion: undefined,
    data: { verification: name, attempt: 'a', platform: CANARY, ...content },
  });
  add(why, becomes, wrapValue(event), 'verification-events');
}

const CALL = { session: CANARY };
verification('of another subject', 'CONTRACT_BROKEN', 'requested', {
  verification: CANARY,
  purpose: 'callback',
});
verification('for no known purpose', 'event', 'requested', { purpose: CANARY });
verification('1,001 attempts', 'CONTRACT_BROKEN', 'requested', {
  purpose: 'callback',
  maxAttempts: 1_001,
});
verification('a score above 1', 'CONTRACT_BROKEN', 'verdict-reached', {
  verdict: 'verified',
  score: 1e300,
  decidedBy: CANARY,
});
verification('a verdict without a request', 'event', 'verdict-reached', {
  verdict: 'verified',
  decidedBy: CANARY,
});
verification('a fractional sequence', 'CONTRACT_BROKEN', 'call-progressed', {
  call: CALL,
  status: 'ended',
  sequence: 0.5,
});
verification('the highest sequence', 'event', 'call-progressed', {
  call: CALL,
  status: 'ended',
  sequence: Number.MAX_SAFE_INTEGER,
});
verification('a status that is inherited', 'CONTRACT_BROKEN', 'call-progressed', {
  call: CALL,
  status: 'toString',
});
