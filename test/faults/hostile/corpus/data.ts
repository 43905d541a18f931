import {
  addMember,
  type Becomes,
  CANARY,
  createAttributes,
  joinedText,
  type Members,
  openCollection,
  wrapValue,
} from './texts.ts';

const { all, add, nextName } = openCollection('d');
/** Invalid and unusual data of a joiner. */
export const DATA = all;

function data(becomes: Becomes, rows: readonly (readonly [string, Members])[]): void {
  for (const [why, members] of rows)
    add(why, becomes, wrapValue(joinedText(nextName(), {}, members)));
}

/** Adds joiners with a member, as JSON text, that no serialiser writes. */
function members(becomes: Becomes, rows: readonly (readonly [string, string])[]): void {
  for (const [why, member] of rows) add(why, becomes, wrapValue(addMember(nextName(), member)));
}

data('CONTRACT_BROKEN', [
  ['a date that does not exist', { startsAt: { date: '2026-02-30', zone: 'UTC' } }],
  ['a zone that does not exist', { startsAt: { date: '2026-01-01', zone: `Mars/${CANARY}` } }],
  ['an offset instead of a zone', { startsAt: { date: '2026-01-01', zone: '+01:00' } }],
  ['a zone as a path', { startsAt: { date: '2026-01-01', zone: '../../etc/passwd' } }],
  ['a date in the year 1', { startsAt: { date: '0001-01-01', zone: 'UTC' } }],
  ['a week date', { startsAt: { date: '2026-W01-1', zone: 'UTC' } }],
  ['a moment as a number', { startsAt: 1_764_576_000 }],
  ['null for an absent member', { endsAt: null }],
  ['no engagement', { engagement: undefined }],
  ['an engagement with a line feed', { engagement: `${CANARY}\n` }],
  ['an engagement of 257 characters', { engagement: CANARY.padEnd(257, 'x') }],
  ['a nested attribute', { attributes: { department: { name: CANARY } } }],
  ['a list as an attribute', { attributes: { department: [CANARY] } }],
  ['an attribute name with a space', { attributes: { 'depart ment': CANARY } }],
  ['an attribute name in Cyrillic', { attributes: { d\u0435partment: CANARY } }],
  ['201 attributes', { attributes: createAttributes(201) }],
  ['1,025 characters of an attribute', { attributes: { department: CANARY.padEnd(1025) } }],
  ['a NUL in an attribute', { attributes: { department: `${CANARY}\0` } }],
  ['half a surrogate pair in an attribute', { attributes: { department: `${CANARY}\ud800` } }],
  ['attributes as a text', { attributes: CANARY }],
]);
data('event', [
  ['the hour that summer time skips', { startsAt: { date: '2026-03-29', zone: 'Europe/Berlin' } }],
  ['midnight that is skipped', { startsAt: { date: '2018-11-04', zone: 'America/Sao_Paulo' } }],
  ['the day that Samoa skipped', { startsAt: { date: '2011-12-30', zone: 'Pacific/Apia' } }],
  ['an end before the start', { endsAt: '1999-01-01T00:00:00Z' }],
  ['the last date', { startsAt: { date: '9999-12-31', zone: 'Pacific/Kiritimati' } }],
  ['200 undeclared attributes', { attributes: createAttributes(200) }],
  ['an empty text', { attributes: { department: '' } }],
  ['attributes of the wrong types', { attributes: { department: 7, email: true } }],
  ['control characters in an attribute', { attributes: { department: `${CANARY}\u001f\u001e` } }],
  ['SQL in an attribute', { attributes: { department: "'; drop table fact; --" } }],
  ['CEL in an attribute', { attributes: { department: '" || true || "' } }],
  ['-0', { attributes: { level: -0 } }],
]);
members('CONTRACT_BROKEN', [
  ['__proto__', `"__proto__":{"x":"${CANARY}"}`],
  ['__proto__, escaped', `"\\u005f_pr\\u006fto__":"${CANARY}"`],
  ['constructor', `"more":{"constructor":{"prototype":{"x":"${CANARY}"}}}`],
  ['2^53 + 1', '"more":9007199254740993'],
  ['a number that would be infinite', '"more":1e400'],
  ['a number that would be 0', '"more":1e-400'],
  ['a number of 250,000 digits', `"more":${'9'.repeat(250_000)}`],
  ['an escaped NUL', `"more":["${CANARY}\\u0000"]`],
  ['an escaped half of a surrogate pair', `"more":"${CANARY}\\ud800"`],
]);
members('NOT_JSON', [
  ['a duplicate name', `"more":1,"more":"${CANARY}"`],
  ['a duplicate name, once escaped', '"more":1,"m\\u006fre":2'],
  ['a duplicate engagement', `"engagement":"${CANARY}"`],
  ['a comment', '"more":1/*x*/'],
  ['a trailing comma', '"more":[1,]'],
  ['NaN', '"more":NaN'],
  ['a hexadecimal number', '"more":0x10'],
  ['a leading zero', '"more":01'],
  ['a raw line feed in a text', '"more":"a\nb"'],
  ['a single quote', `"more":'${CANARY}'`],
]);
members('TOO_DEEP', [
  ['33 levels', `"more":${'['.repeat(31)}${']'.repeat(31)}`],
  ['10,000 levels', `"more":${'['.repeat(10_000)}${']'.repeat(10_000)}`],
  ['100,000 unclosed levels', `"more":${'['.repeat(100_000)}`],
]);
members('event', [
  ['32 levels', `"more":${'['.repeat(30)}${']'.repeat(30)}`],
  ['2^53 - 1', '"more":9007199254740991'],
  ['a byte order mark in a text', `"more":"\ufeff${CANARY}"`],
  ['a member without a name', '"":1'],
]);
