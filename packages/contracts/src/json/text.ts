import { type FailureCode } from '../failure.ts';
import { InexactNumber, inexactAmong, type NumberSpan, parseKeepingDigits } from './number.ts';
import { surveyJson } from './survey.ts';

/** Levels of objects and arrays within each other; beyond it parsers and databases differ. */
export const JSON_MAX_LEVELS = 32;

/** A value whose text was UTF-8 and JSON, within the limits, with each member name once in its object. */
export interface OpenedJson {
  readonly kind: 'json';
  readonly value: unknown;
  /** Whether `findFault` could find something in it; it costs too much to ask each time. */
  readonly suspect: boolean;
}

export type JsonRefusal = {
  readonly kind: 'refused';
  readonly code: Extract<FailureCode, 'NOT_UTF8' | 'TOO_DEEP' | 'NOT_JSON'>;
  readonly expected: string;
};

/** A byte order mark stays, and then is no JSON. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Everything that `findFault` finds contains one of these, escapes included. */
const SUSPECT = /\\u|__proto__|constructor|prototype/;

/**
 * Opens a JSON text in time linear in its bytes. Numbers that would not survive become
 * `InexactNumber`s; names like `__proto__` become ordinary own members.
 */
export function openJson(bytes: Buffer): OpenedJson | JsonRefusal {
  const text = decodeUtf8(bytes);
  if (text === undefined) return refused('NOT_UTF8', 'UTF-8 (RFC 3629)');
  const survey = surveyJson(bytes);
  if (survey.depth > JSON_MAX_LEVELS) {
    return refused('TOO_DEEP', `at most ${JSON_MAX_LEVELS} levels of objects and arrays`);
  }
  const inexact = inexactAmong(bytes, survey.doubtful);
  const value = parse(text, bytes, inexact);
  if (value === undefined) return refused('NOT_JSON', 'one JSON text (RFC 8259)');
  if (countMembers(value) !== survey.members) {
    return refused('NOT_JSON', 'each member name once in its object (RFC 8259, section 4)');
  }
  return { kind: 'json', value, suspect: inexact.length > 0 || SUSPECT.test(text) };
}

/** The text of UTF-8 bytes, a byte order mark included; `undefined` if they are none. */
export function decodeUtf8(bytes: Buffer): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function refused(code: JsonRefusal['code'], expected: string): JsonRefusal {
  return { kind: 'refused', code, expected };
}

function parse(text: string, bytes: Buffer, inexact: readonly NumberSpan[]): unknown {
  try {
    return inexact.length > 0 ? parseKeepingDigits(bytes, inexact) : (JSON.parse(text) as unknown);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null || value instanceof InexactNumber) return 0;
  let members = 0;
  if (Array.isArray(value)) {
    for (const element of value) members += countMembers(element);
    return members;
  }
  const object = value as Readonly<Record<string, unknown>>;
  // Nothing is inherited: what was parsed has the prototype of all objects, which has no such names.
  for (const name in object) members += 1 + countMembers(object[name]);
  return members;
}
