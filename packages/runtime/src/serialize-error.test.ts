import { Failure } from '@latchkey/contracts';
import { expect, test } from 'vitest';
import { serializeError } from './serialize-error.ts';

const SECRET = 'canary-7f3a';

/** As pg throws it. */
function postgresError(message: string, members: Record<string, unknown>): Error {
  return Object.assign(new Error(message), { severity: 'ERROR', ...members });
}

test('a constraint of PostgreSQL is named, the row that broke it is not', () => {
  const error = postgresError('duplicate key value violates unique constraint "inbox_pkey"', {
    code: '23505',
    detail: `Key (event_id)=(${SECRET}) already exists.`,
    where: `COPY inbox, line 1: "${SECRET}"`,
    hint: SECRET,
    internalQuery: `select '${SECRET}'`,
    schema: 'public',
    table: 'inbox',
    constraint: 'inbox_pkey',
    parameters: [SECRET],
  });

  const serialized = serializeError(error);

  expect(serialized).toMatchObject({
    message: 'duplicate key value violates unique constraint "inbox_pkey"',
    code: '23505',
    severity: 'ERROR',
    table: 'inbox',
    constraint: 'inbox_pkey',
  });
  expect(JSON.stringify(serialized)).not.toContain(SECRET);
});

test.each(['22P02', '22001', 'XX000', 'P0001'])('the message of class %s is withheld', (code) => {
  const error = postgresError(`invalid input syntax for type uuid: "${SECRET}"`, { code });

  const serialized = serializeError(error);

  expect(serialized.message).toBe('[message withheld]');
  expect(serialized['code']).toBe(code);
  expect(JSON.stringify(serialized)).not.toContain(SECRET);
});

test('a parser does not quote the text that it could not read', () => {
  let error: unknown;
  try {
    JSON.parse(`{"email": ${SECRET}}`);
  } catch (thrown) {
    error = thrown;
  }
  expect((error as Error).message).toContain('canary'); // or this test shows nothing

  expect(JSON.stringify(serializeError(error))).not.toContain('canary');
});

test('what was thrown and is no error is not shown', () => {
  expect(serializeError(SECRET)).toEqual({ type: 'string', message: '[message withheld]' });
});

test('a failure keeps its code and details, and its cause is cleaned, too', () => {
  const cause = postgresError(SECRET, { code: '22P02', detail: SECRET });
  const failure = new Failure('SCHEMA_OLD', { missing: ['0003_verification'] }, { cause });

  const serialized = serializeError(failure);

  expect(serialized).toMatchObject({
    type: 'Failure',
    code: 'SCHEMA_OLD',
    details: { missing: ['0003_verification'] },
    cause: { code: '22P02', message: '[message withheld]' },
  });
  expect(JSON.stringify(serialized)).not.toContain(SECRET);
});

test('the stack contains places only, and no message of several lines', () => {
  const serialized = serializeError(new Error(`first\nat ${SECRET}?\nsecond`));

  const stack = serialized['stack'] as string[];
  expect(stack.length).toBeGreaterThan(0);
  expect(stack.at(0)).toContain('serialize-error.test.ts');
});

test('errors of several and suppressed errors are shown', () => {
  const suppressed = new SuppressedError(new Error('closing'), new Error('working'), 'both');

  expect(serializeError(new AggregateError([new Error('one'), suppressed], 'all'))).toMatchObject({
    errors: [
      { message: 'one' },
      { error: { message: 'closing' }, suppressed: { message: 'working' } },
    ],
  });
});

test('an endless chain of causes is cut', () => {
  const error = new Error('loop');
  error.cause = error;

  expect(JSON.stringify(serializeError(error)).match(/"loop"/g)).toHaveLength(6);
});
