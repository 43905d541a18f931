import { serializeError } from './serialize-error.ts';

const REDACTED = '[redacted]';
const TEXT_MAX_CHARS = 4_000;
const LIST_MAX_ITEMS = 50;
const MEMBERS_MAX_COUNT = 50;
const DEPTH_MAX_LEVELS = 6;

/**
 * Members that are never logged, at any depth: credentials, the content of deliveries, and personal
 * data. Compared in lower case, without `_` and `-`.
 */
const SENSITIVE = new Set(
  [
    ['password', 'kafkaPassword', 'passphrase', 'secret', 'clientSecret', 'token', 'accessToken'],
    ['refreshToken', 'apiKey', 'privateKey', 'authorization', 'cookie', 'setCookie', 'signature'],
    ['pin', 'otp', 'credential', 'credentials', 'connectionString'],
    ['data', 'raw', 'payload', 'body', 'value', 'key', 'headers', 'attributes', 'parameters'],
    ['values', 'detail', 'where', 'internalQuery'],
    ['person', 'subject', 'externalId', 'userName', 'displayName', 'givenName', 'familyName'],
    ['firstName', 'lastName', 'fullName', 'email', 'mail', 'phone', 'phoneNumber', 'address'],
    ['manager', 'dateOfBirth'],
  ]
    .flat()
    .map((name) => name.toLowerCase()),
);

/** `scheme://user:password@`; the user's name goes with the password. */
const CREDENTIALS_IN_URL = /\/\/[^/\s]{1,512}@/g;
const CREDENTIAL_ASSIGNED = /\b(password|passwd|pwd|secret|token)=[^&\s"']{1,512}/gi;
const EMAIL_ADDRESS = /[^\s@"'<>(),;:=]{1,64}@[^\s@"'<>(),;:=]{1,255}/g;

/**
 * A copy that may be logged: plain JSON values, without what `SENSITIVE` names, without passwords in
 * URLs and e-mail addresses in texts, bounded in depth, length and number. Errors lose what a database
 * or a parser quotes of the data.
 */
export function redact(fields: object): Record<string, unknown> {
  return fields instanceof Error ? { err: redactValue(fields, 1) } : redactMembers(fields, 0);
}

/** A text without passwords in URLs and e-mail addresses, cut to 4,000 characters. */
export function redactText(text: string): string {
  return text
    .slice(0, 2 * TEXT_MAX_CHARS) // so that the second cut parts nothing that had to go
    .replaceAll(CREDENTIALS_IN_URL, `//${REDACTED}@`)
    .replaceAll(CREDENTIAL_ASSIGNED, `$1=${REDACTED}`)
    .replaceAll(EMAIL_ADDRESS, (found) => (found.includes(REDACTED) ? found : REDACTED))
    .slice(0, TEXT_MAX_CHARS);
}

function redactMembers(members: object, level: number): Record<string, unknown> {
  const shown = Object.entries(members).slice(0, MEMBERS_MAX_COUNT);
  const entries = shown.map(([name, value]: [string, unknown]) => {
    const sensitive = SENSITIVE.has(name.replaceAll(/[_-]/g, '').toLowerCase());
    const absent = value === undefined || value === null;
    return [name, sensitive && !absent ? REDACTED : redactValue(value, level + 1)];
  });
  return Object.fromEntries(entries) as Record<string, unknown>;
}

function redactValue(value: unknown, level: number): unknown {
  switch (typeof value) {
    case 'string':
      return redactText(value);
    case 'bigint':
      return value.toString();
    case 'object':
      return value === null ? null : redactObject(value, level);
    case 'function':
    case 'symbol':
      return undefined;
    case 'number':
    case 'boolean':
    case 'undefined':
      return value;
  }
}

function redactObject(value: object, level: number): unknown {
  if (level > DEPTH_MAX_LEVELS) return '[too deep]';
  if (value instanceof Error) return redactMembers(serializeError(value), level);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof URL) return redactText(value.href);
  if (value instanceof Map) return redactMembers(membersOf(value), level);
  if (Array.isArray(value) || value instanceof Set) {
    const items: unknown[] = [...value];
    return redactList(items, level);
  }
  return redactMembers(value, level);
}

function redactList(items: readonly unknown[], level: number): readonly unknown[] {
  const shown = items.slice(0, LIST_MAX_ITEMS).map((item) => redactValue(item, level + 1));
  return items.length > shown.length ? [...shown, `… ${items.length - shown.length} more`] : shown;
}

function membersOf(map: ReadonlyMap<unknown, unknown>): object {
  return Object.fromEntries([...map].map(([name, value]) => [String(name), value]));
}
