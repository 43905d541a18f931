import { InexactNumber } from './number.ts';

/** Where a JSON value contains something that no event may contain, and what was expected there. */
export interface JsonFault {
  readonly path: readonly string[];
  readonly expected: string;
}

const TEXT_EXPECTED = 'text without U+0000 and without unpaired surrogates';
const NAME_EXPECTED = 'no member named "__proto__", "constructor" or "prototype"';
const NUMBER_EXPECTED =
  'a number within ±(2^53 − 1) that a double holds as it is written; else send it as text';

/** Names with which a sender could change, through careless code, what all objects inherit. */
const RESERVED_NAMES = new Set(['__proto__', 'constructor', 'prototype']);

/** The first thing within `value` that is refused under every contract; undefined if there is none. */
export function findFault(value: unknown, path: readonly string[]): JsonFault | undefined {
  const fault = faultIn(value);
  return fault && { path: [...path, ...fault.path.reverse()], expected: fault.expected };
}

/** The path is built from the inside out, after a fault is found: a body may have 100,000 values without one. */
interface Found {
  readonly path: string[];
  readonly expected: string;
}

function faultIn(value: unknown): Found | undefined {
  if (typeof value === 'string') return isFit(value) ? undefined : found(TEXT_EXPECTED);
  if (typeof value !== 'object' || value === null) return undefined;
  if (value instanceof InexactNumber) return found(NUMBER_EXPECTED);
  if (Array.isArray(value)) return faultAmong(value);
  const members = value as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(members)) {
    const fault = faultInName(name) ?? faultIn(members[name]);
    if (fault === undefined) continue;
    fault.path.push(name);
    return fault;
  }
  return undefined;
}

/** Without names for them: there may be 100,000. */
function faultAmong(values: readonly unknown[]): Found | undefined {
  for (const [index, member] of values.entries()) {
    const fault = faultIn(member);
    if (fault === undefined) continue;
    fault.path.push(String(index));
    return fault;
  }
  return undefined;
}

function faultInName(name: string): Found | undefined {
  if (RESERVED_NAMES.has(name)) return found(NAME_EXPECTED);
  return isFit(name) ? undefined : found(TEXT_EXPECTED);
}

function isFit(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

function found(expected: string): Found {
  return { path: [], expected };
}
