import { InexactNumber } from './number.ts';

/** Where a JSON value holds what we take from nobody, and what was expected there. */
export interface JsonFault {
  readonly path: readonly string[];
  readonly expected: string;
}

const TEXT_EXPECTED = 'text without U+0000 and without unpaired surrogates';
const NAME_EXPECTED = 'no member named "__proto__", "constructor" or "prototype"';
const NUMBER_EXPECTED =
  'a number within ±(2^53 − 1) that a double holds as it is written; else send it as text';

/** Names with which careless code further down could be made to change what all objects inherit. */
const RESERVED_NAMES = new Set(['__proto__', 'constructor', 'prototype']);

/** The first thing within `value` that is refused whatever the contract says; undefined if there is none. */
export function findFault(value: unknown, path: readonly string[]): JsonFault | undefined {
  if (typeof value === 'string') return textFault(value, path);
  if (typeof value !== 'object' || value === null) return undefined;
  if (value instanceof InexactNumber) return { path, expected: NUMBER_EXPECTED };
  for (const [name, member] of Object.entries(value)) {
    const memberPath = [...path, name];
    const fault = nameFault(name, memberPath) ?? findFault(member, memberPath);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function nameFault(name: string, path: readonly string[]): JsonFault | undefined {
  return RESERVED_NAMES.has(name) ? { path, expected: NAME_EXPECTED } : textFault(name, path);
}

function textFault(text: string, path: readonly string[]): JsonFault | undefined {
  return text.isWellFormed() && !text.includes('\0')
    ? undefined
    : { path, expected: TEXT_EXPECTED };
}
