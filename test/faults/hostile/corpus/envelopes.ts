import { HR, IVR } from '../../../support/events.ts';
import {
  type Becomes,
  binaryOf,
  CANARY,
  joinedText,
  type Members,
  openCollection,
  wrapValue,
} from './texts.ts';

const { all, add, nextName } = openCollection('e');
/** Attributes of the envelope, in both modes. */
export const ENVELOPES = all;

/** Adds joiners with these envelope attributes, in both modes where headers can carry them. */
function envelopes(becomes: Becomes, rows: readonly (readonly [string, Members])[]): void {
  for (const [why, members] of rows) {
    add(why, becomes, wrapValue(joinedText(nextName(), members)));
    if (
      Object.values(members).every((value) => typeof value === 'string' && value.isWellFormed())
    ) {
      add(`${why}, in a header`, becomes, binaryOf(joinedText(nextName(), members)));
    }
  }
}

envelopes('NOT_CLOUDEVENTS', [
  ['a source with a fragment', { source: `${HR}#x` }],
  ['a control character', { id: 'a\u0007b' }],
  ['a C1 control character', { subject: 'a\u0085b' }],
  ['257 characters', { id: 'i'.repeat(257) }],
  ['257 characters outside the first plane', { subject: '\u{1f600}'.repeat(257) }],
  ['an empty id', { id: '' }],
  ['a leap second', { time: '2016-12-31T23:59:60Z' }],
  ['the year 0', { time: '0000-01-01T00:00:00Z' }],
  ['the maximum instant of a Date', { time: '+275760-09-13T00:00:00Z' }],
  ['a year of five digits', { time: '10000-01-01T00:00:00Z' }],
  ['30 February', { time: '2026-02-30T00:00:00Z' }],
  ['29 February in a common year', { time: '1900-02-29T00:00:00Z' }],
  ['24:00', { time: '2026-01-01T24:00:00Z' }],
  ['an offset of 24 hours', { time: '2026-01-01T00:00:00+24:00' }],
  ['picoseconds', { time: '2026-01-01T00:00:00.000000000001Z' }],
  ['a revision of 2^63', { sourceversion: '9223372036854775808' }],
  ['a revision with a leading zero', { sourceversion: '01' }],
  ['a revision in Arabic digits', { sourceversion: '\u0661' }],
  ['another version of CloudEvents', { specversion: '0.3' }],
  ['data in another format', { datacontenttype: 'application/xml' }],
]);
envelopes('NOT_CLOUDEVENTS', [
  ['an id as a number', { id: 7 }],
  ['an id as a list', { id: [CANARY] }],
  ['an id that is missing', { id: undefined }],
  ['a subject as an object', { subject: { toString: CANARY } }],
  ['half a surrogate pair', { id: '\ud83d' }],
  ['the other half of a surrogate pair', { subject: '\udc00x' }],
  ['a revision of 2^53 as a JSON integer', { sourceversion: 2 ** 53 }],
  ['a revision below zero', { sourceversion: -1 }],
  ['half a revision', { sourceversion: 0.5 }],
  ['a revision in a list', { sourceversion: ['1'] }],
  ['a source that is a prototype', { source: { ['__proto__']: HR } }],
]);
envelopes('SOURCE_NOT_ALLOWED', [
  ['an unregistered source', { source: `urn:example:${CANARY}` }],
  ['the same source in capitals', { source: HR.toUpperCase() }],
  ['a source with an escaped letter', { source: HR.replace('hr', '%68r') }],
  ['a source of another topic', { source: IVR }],
  ['a type of another topic', { type: 'latchkey.verification.requested.v1' }],
]);
envelopes('TYPE_UNKNOWN', [
  ['an unknown type', { type: 'latchkey.workforce.promoted.v1' }],
  ['a type that is a member of every object', { type: 'constructor' }],
  ['another spelling of a type', { type: 'Latchkey.workforce.joined.v1' }],
]);
envelopes('TIME_AHEAD', [
  ['the last valid year', { time: '9999-12-31T23:59:59Z' }],
  ['an hour ahead', { time: new Date(Date.now() + 3_600_000).toISOString() }],
]);
envelopes('event', [
  ['256 characters', { id: 'i'.repeat(256) }],
  ['a # in the id', { id: '#a#b' }],
  ['an id that needs normalising (composed)', { id: 'caf\u00e9' }],
  ['the same id decomposed is another', { id: 'cafe\u0301' }],
  ['a right-to-left override', { subject: 'p\u202e1' }],
  ['a zero-width subject', { subject: '\u200b' }],
  ['the first valid instant', { time: '1900-01-01T00:00:00Z' }],
  ['an offset of 5:45', { time: '2026-01-01T00:00:00.123456789+05:45' }],
  ['the highest revision', { sourceversion: '9223372036854775807' }],
  ['a revision as a JSON integer', { sourceversion: 7 }],
  ['the highest revision as a JSON integer', { sourceversion: 2 ** 53 - 1 }],
  ['an extension as an integer', { sequence: 7 }],
  ['an extension as a boolean', { sampled: true }],
  ['a trace as a number', { traceparent: 7 }],
  ['an invalid trace', { traceparent: `00-${CANARY}` }],
  ['an unknown extension', { surprise: CANARY }],
]);
