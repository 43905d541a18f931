import { InexactNumber } from './number.ts';

/** Characters that a JSON text contains unescaped, and that are never part of a surrogate pair. */
const PLAIN_TEXT = /^[ !#-[\]-~]*$/;

/** Insertion sort is quadratic: only for so few names. */
const INSERTION_MAX_COUNT = 32;

/**
 * The canonical JSON text of a value (RFC 8785): no whitespace, members in the order of their UTF-16 code
 * units, numbers and texts as ECMAScript writes them. Members that are `undefined` are left out.
 *
 * Beyond the RFC, so that also refused content has a fingerprint: lone surrogates are written as escapes,
 * and an `InexactNumber` as it was written.
 *
 * @throws TypeError for what JSON cannot represent: functions, symbols, bigints, NaN, infinities
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'string') return canonicalText(value);
  if (typeof value === 'number') return canonicalNumber(value);
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (typeof value === 'object') return canonicalObject(value);
  throw new TypeError(`JSON has no ${typeof value}`);
}

/** Faster than `JSON.stringify` for the short plain texts that events are made of. */
function canonicalText(value: string): string {
  return PLAIN_TEXT.test(value) ? `"${value}"` : JSON.stringify(value);
}

function canonicalNumber(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError(`JSON has no ${value}`);
  return String(value);
}

function canonicalObject(value: object | null): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (value instanceof InexactNumber) return value.digits;
  return canonicalMembers(value as Readonly<Record<string, unknown>>);
}

function canonicalMembers(members: Readonly<Record<string, unknown>>): string {
  let text = '';
  for (const name of sorted(Object.keys(members))) {
    const value = members[name];
    if (value === undefined) continue;
    text += `${text === '' ? '' : ','}${canonicalText(name)}:${canonicalJson(value)}`;
  }
  return `{${text}}`;
}

/** By UTF-16 code units, in place. `sort` is slower for the few members that events have. */
function sorted(names: string[]): string[] {
  if (names.length > INSERTION_MAX_COUNT) return names.sort();
  for (let end = 1; end < names.length; end += 1) insertLast(names, end);
  return names;
}

/** Moves `names[end]` to its place among those before it, which are sorted. */
function insertLast(names: string[], end: number): void {
  const name = names[end] ?? '';
  let at = end;
  for (; at > 0 && (names[at - 1] ?? '') > name; at -= 1) names[at] = names[at - 1] ?? '';
  names[at] = name;
}
