import { Failure } from '@latchkey/contracts';

const WITHHELD = '[message withheld]';
const CAUSES_MAX_COUNT = 5;
const ERRORS_MAX_COUNT = 5;
const STACK_MAX_LINES = 20;
const FRAME = /^at .*(?::\d+:\d+|native|<anonymous>|index \d+)\)?$/;

/**
 * SQLSTATE classes whose primary message names tables and settings, never a value of a row. Class 22
 * (data exceptions) quotes the value; detail, hint, where and query of any class may contain rows.
 */
const CLASSES_WITHOUT_VALUES = new Set([
  '08',
  '0A',
  '23',
  '25',
  '28',
  '3D',
  '40',
  '42',
  '53',
  '54',
  '55',
  '57',
  '58',
  'LK',
]);

/** Members of an error of PostgreSQL that name things of the schema. */
const SCHEMA_MEMBERS = [
  'severity',
  'schema',
  'table',
  'column',
  'dataType',
  'constraint',
  'routine',
];

/** The parts of an error that may be logged. */
export interface SerializedError {
  readonly type: string;
  readonly message: string;
  readonly [member: string]: unknown;
}

/**
 * The kind, message, code and stack of an error and of what caused it, without the values that it
 * quotes: of an error of PostgreSQL only what names the schema, of a parser's error no message at all.
 */
export function serializeError(error: unknown): SerializedError {
  return serialize(error, CAUSES_MAX_COUNT);
}

function serialize(error: unknown, causesLeft: number): SerializedError {
  if (!(error instanceof Error)) return { type: typeof error, message: WITHHELD };
  return {
    type: error.name,
    message: messageOf(error),
    ...codeOf(error),
    ...(error instanceof Failure ? { details: error.details } : {}),
    ...(isFromPostgres(error) ? schemaMembersOf(error) : {}),
    stack: framesOf(error),
    ...relatedTo(error, causesLeft),
  };
}

function messageOf(error: Error): string {
  if (isFromPostgres(error)) {
    return CLASSES_WITHOUT_VALUES.has(error.code.slice(0, 2)) ? error.message : WITHHELD;
  }
  // JSON.parse and the like quote the text that they could not read.
  return error instanceof SyntaxError ? WITHHELD : error.message;
}

function codeOf(error: Error): { readonly code?: string | number } {
  if (!('code' in error)) return {};
  const { code } = error;
  return typeof code === 'string' || typeof code === 'number' ? { code } : {};
}

function isFromPostgres(error: Error): error is Error & { readonly code: string } {
  return 'severity' in error && 'code' in error && typeof error.code === 'string';
}

function schemaMembersOf(error: object): Record<string, unknown> {
  const members = Object.entries(error).filter(
    ([name, value]) => SCHEMA_MEMBERS.includes(name) && value !== undefined,
  );
  return Object.fromEntries(members);
}

/** The stack without its head, which repeats the message and what it quotes. */
function framesOf({ stack = '', message }: Error): readonly string[] {
  const head = stack.indexOf(message);
  const lines = stack.slice(head < 0 ? 0 : head + message.length).split('\n');
  return lines
    .map((line) => line.trim())
    .filter((line) => FRAME.test(line))
    .slice(0, STACK_MAX_LINES);
}

function relatedTo(error: Error, causesLeft: number): Record<string, unknown> {
  if (causesLeft === 0) return {};
  const related: Record<string, unknown> = {};
  if (error.cause !== undefined) related['cause'] = serialize(error.cause, causesLeft - 1);
  if (error instanceof AggregateError) {
    const errors: readonly unknown[] = error.errors.slice(0, ERRORS_MAX_COUNT);
    related['errors'] = errors.map((each) => serialize(each, causesLeft - 1));
  }
  if (error instanceof SuppressedError) {
    related['error'] = serialize(error.error, causesLeft - 1);
    related['suppressed'] = serialize(error.suppressed, causesLeft - 1);
  }
  return related;
}
